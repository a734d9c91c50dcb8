import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export type LockAttempt =
  | { readonly kind: 'held'; readonly lock: VolumeLock }
  /** `holder` is what the other one wrote about itself; empty where it had no time to. */
  | { readonly kind: 'taken'; readonly path: string; readonly holder: string };

export interface VolumeLock {
  /** Resolves where the lock is lost while it should be held: this agent must end then. */
  readonly lost: Promise<string>;
  release(): Promise<void>;
}

/** What `flock --conflict-exit-code` answers; any number that flock(1) itself does not use. */
const conflict = 73;

/**
 * One server per data volume: an exclusive flock(2) on `<own folder>/lock`, which holds between all containers and pods
 * of a node, and over NFS version 4. Node has no flock, so a child holds it: `cat` with the locked file open, which ends
 * when this process does, however it dies, because its standard input ends then. A process group of its own keeps a
 * Ctrl-C on a terminal from releasing the lock before the last WAL is moved.
 * @throws where the folder cannot be written or flock(1) is not there.
 */
export async function takeVolumeLock(folder: string, holder: string): Promise<LockAttempt> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'lock');
  const child = spawn(
    'flock',
    ['--exclusive', '--nonblock', '--conflict-exit-code', String(conflict), '--no-fork', path, 'cat'],
    { stdio: ['pipe', 'pipe', 'pipe'], detached: true },
  );
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (complaint += chunk));
  child.stdin.on('error', () => undefined);
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      resolve(signal ?? String(code));
    });
  });
  // cat gives back what it is given once it runs, and it runs once flock(1) has the lock.
  const echoed = new Promise<'echoed'>((resolve) => {
    child.stdout.once('data', () => {
      resolve('echoed');
    });
  });
  child.stdin.write('held\n');
  const first = await Promise.race([echoed, ended]);
  if (first === String(conflict)) {
    return { kind: 'taken', path, holder: (await readFile(path, 'utf8').catch(() => '')).trim() };
  }
  if (first !== 'echoed') {
    throw new Error(`cannot lock ${path}: ${complaint.trim() || `flock ended with ${first}`}`);
  }
  await writeFile(path, `${holder}\n`);
  const state = { released: false };
  return {
    kind: 'held',
    lock: {
      lost: ended.then((how) => {
        return state.released
          ? new Promise<never>(() => undefined)
          : `the lock on ${path} is lost: its holder ended with ${how}`;
      }),
      release: async () => {
        state.released = true;
        child.stdin.end();
        await ended;
      },
    },
  };
}
