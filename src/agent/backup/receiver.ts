import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { applicationName } from '../server-connection/server-address.ts';
import { slotName } from './slot.ts';

/** Why a receiver ended, as far as its last words tell. */
export type ReceiverEnd =
  | { readonly kind: 'stopped' }
  /** The server ended the connection (stop, restart, crash), cannot be reached or did not let it in: whether it is there must be asked. */
  | { readonly kind: 'disconnected'; readonly message: string }
  /** What is asked for is no longer on the server: WAL is missing in the store for good. */
  | { readonly kind: 'wal-removed'; readonly message: string }
  | { readonly kind: 'slot-missing'; readonly message: string }
  /** The store holds WAL of this timeline that the server never wrote. */
  | { readonly kind: 'ahead'; readonly message: string }
  | { readonly kind: 'store-full'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

export interface Receiver {
  readonly pid: number;
  readonly ended: Promise<ReceiverEnd>;
  /** SIGINT is pg_receivewal's clean stop: it flushes and exits 0. */
  stop(): void;
  /** For one that does not answer. */
  kill(): void;
  /** True where the process was stopped by a signal (SIGSTOP, the freezer of a debugger); `thaw` lets it go on. */
  isFrozen(): boolean;
  thaw(): void;
}

export interface ReceiverOptions {
  readonly program: string;
  /** incoming/<timeline>/ */
  readonly directory: string;
  /** Whether each flush moves the slot on; else somebody else does (advance-slot.ts). */
  readonly movesSlot: boolean;
  /** libpq variables; see libpqEnvironment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** As pg_stat_replication has it: pg_basebackup streams WAL too, under the name of all programs of the agent. */
export function receiverName(movesSlot: boolean): string {
  return movesSlot ? applicationName : `${applicationName}_spool`;
}

/**
 * `--synchronous`: each flush of the server is fsynced here and reported back at once, so that what is called flushed
 * survives a lost node. `--no-loop`: the retry loop of pg_receivewal repeats permanent errors for ever, so the
 * supervisor decides. Uncompressed: a `.partial` is complete up to its last flush, which one cut out of a zstd stream
 * is not. A status a second tells the server (and us) that it is alive.
 */
export function startReceiver(options: ReceiverOptions): Receiver {
  const child = spawn(
    options.program,
    [
      '--directory',
      options.directory,
      ...(options.movesSlot ? ['--slot', slotName] : []),
      '--synchronous',
      '--no-loop',
      '--no-password',
      '--status-interval=1',
      '--compress=0',
    ],
    {
      env: { ...options.environment, PGAPPNAME: receiverName(options.movesSlot) },
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    },
  );
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    words = (words + chunk).slice(-4000);
  });
  const ended = new Promise<ReceiverEnd>((resolve) => {
    child.once('error', (error) => {
      resolve({ kind: 'failed', message: error.message });
    });
    // `close` and not `exit`: the last words must have been read.
    child.once('close', (code, signal) => {
      resolve(code === 0 ? { kind: 'stopped' } : classifyReceiverEnd(words, signal ?? `exit code ${code}`));
    });
  });
  const pid = child.pid ?? 0;
  return {
    pid,
    ended,
    stop: () => child.kill('SIGINT'),
    kill: () => child.kill('SIGKILL'),
    isFrozen: () => /^T/.test(processState(pid)),
    thaw: () => child.kill('SIGCONT'),
  };
}

/** Reads pg_receivewal's standard error (LC_MESSAGES=C). The texts are the server's, the same from 13 to 18. */
export function classifyReceiverEnd(words: string, how: string): ReceiverEnd {
  const message = lastError(words) ?? `pg_receivewal ended with ${how}`;
  if (/has already been removed|can no longer (get changes|access)|has been invalidated/.test(words)) {
    return { kind: 'wal-removed', message };
  }
  if (/replication slot "[^"]*" does not exist/.test(words)) {
    return { kind: 'slot-missing', message };
  }
  if (/is ahead of the WAL flush position|is not in this server's history/.test(words)) {
    return { kind: 'ahead', message };
  }
  if (/No space left on device|Disk quota exceeded/.test(words)) {
    return { kind: 'store-full', message };
  }
  if (
    /could not connect|connection to server|server closed the connection|terminating connection|the database system is|replication stream was terminated/.test(
      words,
    )
  ) {
    return { kind: 'disconnected', message };
  }
  return words.trim() === '' ? { kind: 'disconnected', message } : { kind: 'failed', message };
}

function lastError(words: string): string | undefined {
  const lines = words
    .split('\n')
    .map((line) => line.replace(/^pg_receivewal: (error: )?/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('detail:') && line !== 'disconnected');
  return lines.at(-1);
}

function processState(pid: number): string {
  try {
    // The name in parentheses may hold anything; the state is the field after it (proc(5)).
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '');
  } catch {
    return '';
  }
}
