import { appendFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { finishCopy } from '../restore/standby.ts';
import type { Upstream } from '../restore/standby.ts';
import { parseControlFile } from '../decision/control-file.ts';
import type { Lineage } from '../restore/lineage.ts';
import { makeStandbySlot } from '../restore/standby-slot.ts';
import { connectAsReplication } from '../server-connection/server-connection.ts';
import { namesIn } from '../store/stored-records.ts';
import { isSegmentName, parseSegment, segmentName } from '../store/wal-name.ts';
import type { RewindJudgement } from './judge-rewind.ts';
import { bringSegments, notInStore, segmentNotFound } from './wal-before-fork.ts';
import { runPgRewind } from './pg-rewind.ts';

export interface Rewinding {
  readonly judgement: Extract<RewindJudgement, { kind: 'possible' }>;
  /** The data that is turned into the primary's, in place: a copy, or what a person gave up. */
  readonly directory: string;
  readonly segmentSize: number;
  readonly upstream: Upstream;
  /** Of the replication login, for the slot. */
  readonly password: string;
}

/** The primary keeps what is needed from here on. To be called before the old data is copied. @throws in words for a person. */
export async function readyForRewind({ judgement, upstream, password }: Omit<Rewinding, 'directory'>): Promise<void> {
  const { address, superuser } = judgement.source;
  const attempt = await connectAsReplication(address, superuser);
  if (attempt.kind !== 'connected') {
    throw new Error(`the primary cannot be asked: ${attempt.kind === 'absent' ? 'nothing listens' : attempt.message}`);
  }
  const { connection } = attempt;
  try {
    // One that has lost its WAL never is good again; any other keeps what it has.
    await connection.query(
      `SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = '${upstream.slot}' AND wal_status = 'lost' AND NOT active`,
    );
    const slot = await makeStandbySlot(upstream, { user: upstream.user, password });
    if (slot.kind === 'failed') {
      throw new Error(`slot ${upstream.slot} cannot be made: ${slot.reason}`);
    }
    // Its control file is of the new timeline only then; before, pg_rewind of PostgreSQL 15 and older finds nothing to do.
    await connection.query('CHECKPOINT');
  } finally {
    await connection.close();
  }
}

/**
 * Turns `directory` into the primary's data, as a standby's. It is written in place, and one that fails leaves data that cannot be used (PostgreSQL manual,
 * pg_rewind, "Warning").
 * @returns bytes that came from the primary. @throws in words for a person.
 */
export async function rewind(rewinding: Rewinding): Promise<number> {
  const { judgement, directory, upstream } = rewinding;
  // Of the server that ran; single-user recovery would take it for one that runs.
  await rm(join(directory, 'postmaster.pid'), { force: true });
  await appendFile(join(directory, 'postgresql.auto.conf'), settingsOfRecovery);
  const words = await withWalBefore(rewinding, () =>
    recoveredFirst(directory, () =>
      runPgRewind(judgement.program, directory, judgement.source, ['--no-sync', '--progress']),
    ),
  );
  await requireWal(rewinding);
  await finishCopy(upstream, directory);
  return Number(/(\d+) kB \(100%\) copied/.exec(words)?.[1] ?? '0') * 1024;
}

/**
 * A server that was killed is recovered by `postgres --single` of this image, which replays WAL and asks for nothing of the server's own image then: not its
 * libraries, not its locales. It knows nothing of the server's command line either, and would write into the control file that hints are not logged; they
 * were, or nobody would rewind. Its checkpoint would drop the very WAL that is read next. The primary's file takes the place of this one.
 */
const settingsOfRecovery = [
  'wal_log_hints = on',
  'max_prepared_transactions = 1000',
  "wal_keep_size = '2147483647MB'",
  ...['shared_preload_libraries', 'session_preload_libraries', 'local_preload_libraries'].map((name) => `${name} = ''`),
  ...['lc_messages', 'lc_monetary', 'lc_numeric', 'lc_time'].map((name) => `${name} = 'C'`),
  'jit = off',
  'huge_pages = off',
  "shared_buffers = '32MB'",
]
  .map((line) => `${line}\n`)
  .join('');

/**
 * Recovery comes before the database is opened. Where this image has not its locale, that fails, and the server shuts down cleanly all the same (InitPostgres
 * in postinit.c): there is nothing to recover any more then, and nothing is opened.
 */
async function recoveredFirst(directory: string, run: () => Promise<string>): Promise<string> {
  const state = async (): Promise<boolean> =>
    parseControlFile(await readFile(join(directory, 'global', 'pg_control'))).shutDown;
  const before = await state();
  try {
    return await run();
  } catch (error) {
    if (before || segmentNotFound(error) !== null || !(await state())) {
      throw error;
    }
    return run();
  }
}

/** It reads all WAL before it writes anything, so that it may be run again with what it did not find: twice as many segments each time. */
async function withWalBefore({ judgement, directory }: Rewinding, run: () => Promise<string>): Promise<string> {
  for (let count = 1; ; count *= 2) {
    try {
      return await run();
    } catch (error) {
      const missing = segmentNotFound(error);
      if (missing === null) {
        throw error;
      }
      if (judgement.walBefore === null || !(await bringSegments(judgement.walBefore, missing, count, directory))) {
        throw new Error(notInStore(missing), { cause: error });
      }
    }
  }
}

/**
 * Recovery begins at the last checkpoint that both have, and reads on from there: pg_rewind keeps of the old WAL what was before the fork, and copies what the
 * primary has. @throws where a segment in between is nowhere any more: the server would wait for it for good.
 */
async function requireWal({ judgement, directory, segmentSize }: Rewinding): Promise<void> {
  const label = await readFile(join(directory, 'backup_label'), 'utf8').catch(() => '');
  const first = /^START WAL LOCATION: .* \(file ([0-9A-F]{24})\)/m.exec(label)?.[1];
  if (first === undefined) {
    throw new Error('pg_rewind found nothing to do');
  }
  const there = new Set((await namesIn(join(directory, 'pg_wal'))).filter(isSegmentName));
  const missing = wantedSegments(first, there, judgement.lineage, segmentSize).find((name) => !there.has(name));
  if (missing !== undefined) {
    throw new Error(`WAL from ${first} on is needed, and ${missing} is nowhere any more`);
  }
}

/**
 * From `first` to the newest that is there, each of the timeline that the server takes it from: the newest that had begun by then, since the segment with a
 * fork in it goes on in another way on the older one.
 */
export function wantedSegments(
  first: string,
  there: ReadonlySet<string>,
  lineage: Lineage,
  segmentSize: number,
): readonly string[] {
  const size = BigInt(segmentSize);
  const nameOf = (number: bigint): string => {
    const timeline = lineage.findLast((span) => span.begin / size <= number)?.timeline ?? 1;
    return segmentName({ timeline, number }, segmentSize);
  };
  const newest = lineage.at(-1)?.timeline;
  const begin = parseSegment(first, segmentSize).number;
  const last = [...there]
    .map((name) => parseSegment(name, segmentSize))
    .reduce((end, { timeline, number }) => (timeline === newest && number > end ? number : end), begin);
  const wanted: string[] = [];
  for (let number = begin; number <= last; number += 1n) {
    wanted.push(nameOf(number));
  }
  return wanted;
}
