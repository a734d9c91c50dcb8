import { join } from 'node:path';
import type { DumpContract } from '../contract.ts';
import { pause } from '../backup/pause.ts';
import { isDue } from '../backup/schedule.ts';
import type { Session } from '../backup/session.ts';
import { messageOf } from '../backup/status-report.ts';
import { formatBytes, readFreeSpace } from '../store/free-space.ts';
import { storeNames } from '../store/layout.ts';
import { nextRun } from '../../workload/schedule-syntax.ts';
import { failuresOf, isOfAll, storedSizeOf } from './dump-manifest.ts';
import type { DumpManifest } from './dump-manifest.ts';
import { expireDumps } from './dump-retention.ts';
import { createDumpsReader } from './stored-dumps.ts';
import { removeDeadDumps, takeDump } from './take-dump.ts';

/** Bytes that a dump never takes of the place for backups: WAL is worth more. */
const reserve = 64 * 2 ** 20;

const triedAgainAfterMs = 600_000;

/**
 * Dumps by the schedule and on demand, for as long as the session lasts: one at a time, and only on a primary, since sessions are of primaries. One that is
 * due waits for the end of a base backup (both read everything); a base backup never waits for a dump, which may take hours.
 */
export async function keepDumping(session: Session): Promise<void> {
  if (session.spool !== null) {
    await refuseDumps(session);
    return;
  }
  const folder = join(session.root, storeNames.dumps);
  const read = createDumpsReader(folder);
  let notBefore = 0;
  // The first one is due at the next time of the schedule: a set that is given one is not dumped at once, by day.
  const since = session.edges.now();
  while (!session.stopping.aborted) {
    try {
      const { dump, backup } = session.live;
      const { complete } = await read();
      const starts = complete.filter(isOfAll).map(({ startedAt }) => new Date(startedAt));
      noteDumps(session, complete, dump, since);
      if (dump.schedule === null) session.report.recovered('dump');
      const asked = session.dumpDemand.pending;
      const due =
        dump.schedule !== null &&
        performance.now() >= notBefore &&
        !session.status.backups.running &&
        isDue(dump.schedule, backup.timeZone, starts.length === 0 ? [since] : starts, session.edges.now());
      if (asked || due) {
        const failed = await dumpOnce(session, folder, complete);
        notBefore = performance.now() + (failed ? triedAgainAfterMs : 0);
      }
    } catch (error) {
      session.failed('dump', error);
    }
    await pause(1000, session.stopping);
  }
}

/** A spool is gone with the pod, and what is sent from it to the bucket are base backups and WAL. */
async function refuseDumps(session: Session): Promise<void> {
  const message =
    'no dump is made: the set has no claim for backups, and a dump would be gone with the pod; wanted postgres.io/backup-claim, or `pgusher dump SET --cronjob`, whose dumps have a claim of their own';
  while (!session.stopping.aborted) {
    const waiting = session.dumpDemand.pending ? session.dumpDemand.take() : [];
    waiting.forEach(({ answer }) => {
      answer({ kind: 'failed', message });
    });
    if (session.live.dump.schedule === null) session.report.recovered('dump');
    else session.failed('dump', message);
    await pause(1000, session.stopping);
  }
}

/** @returns whether nothing was stored. Who asked is answered either way. */
async function dumpOnce(session: Session, folder: string, complete: readonly DumpManifest[]): Promise<boolean> {
  const { status, report, edges } = session;
  const { dump, backup } = session.live;
  const waiting = session.dumpDemand.take();
  const wishes = waiting.map(({ wish }) => wish);
  const full = new AbortController();
  const watching = new AbortController();
  status.dumps.running = true;
  try {
    await requireRoom(session, folder, complete);
    await session.refreshLogin();
    const watched = watchRoom(session.root, full, watching.signal);
    const manifest = await takeDump({
      environment: session.libpq,
      folder,
      // Where one asks for all, all get them.
      databases: wishes.some((wish) => wish.length === 0) ? [] : [...new Set(wishes.flat())],
      format: dump.format,
      compression: backup.compression,
      jobs: dump.jobs,
      rolePasswords: dump.rolePasswords,
      now: edges.now,
      signal: AbortSignal.any([session.stopping, full.signal]),
      say: (line) => {
        edges.log.info(`dump: ${line}`);
      },
    }).finally(() => {
      watching.abort();
    });
    await watched;
    const failures = failuresOf(manifest);
    edges.log.info(
      { id: manifest.id, stored: storedSizeOf(manifest), failures: failures.length },
      `dump ${manifest.id} is stored`,
    );
    const message = `dump ${manifest.id} is stored, but not all is in it: ${failures.join('; ')}`;
    if (failures.length === 0) report.recovered('dump');
    else session.failed('dump', message);
    const removed = await expireDumps(folder, dump, edges.now());
    if (removed.length > 0) edges.log.info({ dumps: removed }, 'removed dumps that are kept no longer');
    waiting.forEach(({ answer }) => {
      answer(failures.length === 0 ? { kind: 'taken', id: manifest.id } : { kind: 'failed', message });
    });
    return false;
  } catch (error) {
    const message = full.signal.aborted
      ? `the dump was ended: less than ${formatBytes(reserve)} were left in the place for backups, which WAL needs. Make the claim larger, or lower dump-keep`
      : session.stopping.aborted
        ? 'no dump was made: the agent or the server is stopping'
        : `no dump was made: ${messageOf(error)}`;
    session.failed('dump', message);
    waiting.forEach(({ answer }) => {
      answer({ kind: 'failed', message });
    });
    return true;
  } finally {
    status.dumps.running = false;
  }
}

/** @throws where the last dump, and a fifth more, has no room. */
async function requireRoom(session: Session, folder: string, complete: readonly DumpManifest[]): Promise<void> {
  const newest = complete.at(-1);
  const wanted = (newest === undefined ? 0 : storedSizeOf(newest)) * 1.2 + reserve;
  const now = session.edges.now();
  if ((await readFreeSpace(session.root)).free < wanted) {
    await removeDeadDumps(folder, now);
    await expireDumps(folder, session.live.dump, now);
  }
  const { free } = await readFreeSpace(session.root);
  if (free < wanted) {
    throw new Error(
      `the place for backups has ${formatBytes(free)} free; a dump needs about ${formatBytes(wanted)}. Make the claim larger, or lower dump-keep`,
    );
  }
}

async function watchRoom(root: string, full: AbortController, over: AbortSignal): Promise<void> {
  while (!over.aborted && !full.signal.aborted) {
    const { free } = await readFreeSpace(root).catch(() => ({ free: Infinity }));
    if (free < reserve) full.abort();
    await pause(500, over);
  }
}

function noteDumps(session: Session, complete: readonly DumpManifest[], { schedule }: DumpContract, since: Date): void {
  const { dumps } = session.status;
  dumps.wanted = schedule !== null;
  dumps.complete = complete.map((dump) => ({
    id: dump.id,
    startedAt: new Date(dump.startedAt),
    finishedAt: new Date(dump.finishedAt),
    storedSize: storedSizeOf(dump),
    databases: dump.databases.filter(({ kind }) => kind === 'dumped').length,
    failures: failuresOf(dump).length,
  }));
  const newest = complete.filter(isOfAll).at(-1);
  dumps.nextAt =
    schedule === null
      ? null
      : nextRun(schedule, session.live.backup.timeZone, newest === undefined ? since : new Date(newest.startedAt));
}
