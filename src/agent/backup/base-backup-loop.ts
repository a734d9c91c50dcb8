import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupContract } from '../contract.ts';
import { linkedTo } from '../restore/linked-to.ts';
import { restoreObstacle, tablespaceObstacle } from '../restore/restore-obstacle.ts';
import { baseBackupDirectory, writeBaseBackupRecord } from '../store/base-backups.ts';
import { formatBytes, readFreeSpace } from '../store/free-space.ts';
import { readGaps } from '../store/gaps.ts';
import { storeNames } from '../store/layout.ts';
import type { BaseBackupRecord } from '../store/layout.ts';
import { checkWalChain, newestSegment, readWalInventory } from '../store/wal-inventory.ts';
import { parseLsn, segmentStart } from '../store/wal-name.ts';
import { withAdvice } from '../server-connection/refusal.ts';
import { verifyBaseBackup } from '../verify/verify-base-backup.ts';
import type { BackupSummary } from './agent-status.ts';
import { badPagesMessage, readBadPages, relationOf } from './bad-pages.ts';
import { removeUnfinishedBaseBackups, takeBaseBackup } from './base-backup.ts';
import { expire } from './expire.ts';
import { backOff, pause } from './pause.ts';
import { controlFileTrouble, noteRestoreAnswer } from './restore-answer.ts';
import { nextRun } from '../../workload/schedule-syntax.ts';
import { isDue } from './schedule.ts';
import { readSensitiveSettings, readTablespaces } from './server-facts.ts';
import type { Session } from './session.ts';
import { known, restorable } from './stored.ts';
import { messageOf } from './status-report.ts';
import { withinRoom } from './within-room.ts';

/** Takes base backups for as long as the session lasts: at once where one is needed, by the schedule, on demand. */
export async function keepBackingUp(session: Session): Promise<void> {
  session.status.backups.wanted = 'the store has not been looked at yet';
  let failures = 0;
  // By the clock that nobody sets: one that is set back must not put off for a year what failed before.
  let notBefore = 0;
  let expireAt = 0;
  let cleaned = false;
  while (!session.stopping.aborted) {
    try {
      const { backup } = session.live;
      if (!cleaned) {
        await removeUnfinishedBaseBackups(session.root, session.facts.systemId);
        cleaned = true;
      }
      const all = await known(session);
      if (all === undefined) {
        session.status.backups.wanted = 'the off-site copy has not been looked at yet';
        await pause(1000, session.stopping);
        continue;
      }
      const complete = all.backups;
      await noteBackups(session, backup);
      const reason = session.demand.pending ? 'asked for' : await whyNow(session, complete, backup);
      // The receiver comes first: WAL between a backup and the first byte received would be missing for ever.
      if (
        reason !== null &&
        session.status.receiver.streaming &&
        (session.demand.pending || performance.now() >= notBefore)
      ) {
        const failure = await backUp(session, complete, reason);
        failures = failure === null ? 0 : failures + 1;
        notBefore = performance.now() + (failure === null ? 0 : backOff(failures + 2, 300));
      } else if (performance.now() >= expireAt) {
        expireAt = performance.now() + 3_600_000;
        await applyRetention(session, backup);
      }
    } catch (error) {
      session.failed('base-backup', error);
    }
    await pause(1000, session.stopping);
  }
}

/** Why a base backup is due, or null. `wanted` in the status are the reasons that leave something unrestorable. */
async function whyNow(
  session: Session,
  complete: readonly BaseBackupRecord[],
  backup: BackupContract,
): Promise<string | null> {
  const { timeline } = session.facts;
  const own = complete.filter((record) => record.timeline === timeline);
  const newest = own.at(-1);
  const gaps = await readGaps(session.root, session.facts.systemId);
  if (gaps.length < session.status.receiver.gaps) {
    // The receiver recorded one while the file was read.
    return whyNow(session, complete, backup);
  }
  const gap = gaps.filter((found) => found.timeline === timeline).at(-1);
  const wanted =
    newest === undefined
      ? complete.length === 0
        ? 'there is none of this database'
        : `there is none of timeline ${timeline}`
      : gap !== undefined && parseLsn(newest.startLsn) < segmentStart(gap.resumed, newest.segmentSize)
        ? `WAL is missing since ${gap.missing}`
        : await whyAnother(session, newest);
  session.status.backups.wanted = wanted;
  if (wanted !== null) {
    return wanted;
  }
  const starts = own.map((record) => new Date(record.startedAt));
  return isDue(backup.schedule, backup.timeZone, starts, session.edges.now()) ? 'scheduled' : null;
}

/** Where the newest cannot be restored, or not all that is behind it, and one of now could. */
async function whyAnother(session: Session, newest: BaseBackupRecord): Promise<string | null> {
  const { contract, connection } = session;
  const tablespaces = await readTablespaces(connection);
  if (tablespaceObstacle('the server has tablespaces', tablespaces, contract) !== null) {
    return null;
  }
  const known = new Set(newest.tablespaces.map(({ oid }) => oid));
  const made = tablespaces.find(({ oid }) => !known.has(oid));
  // Replay of its creation would stop for want of its folder, which nobody could know of.
  return made === undefined
    ? restoreObstacle(newest, contract)
    : `tablespace ${made.oid} at ${made.location} was made since the last one`;
}

/** @returns what went wrong, or null. Who asked is answered either way. */
async function backUp(session: Session, complete: readonly BaseBackupRecord[], reason: string): Promise<string | null> {
  const { status, report, edges, facts } = session;
  const answers = session.demand.take();
  const { backup } = session.live;
  status.backups.running = true;
  try {
    await guardFreeSpace(session, complete, backup);
    edges.log.info({ reason, timeline: facts.timeline }, 'base backup begins');
    await session.refreshLogin();
    const options = {
      root: session.root,
      program: session.programs.pg_basebackup,
      environment: session.libpq,
      facts,
      compression: backup.compression,
      settings: await readSensitiveSettings(session.connection),
      tablespaces: await readTablespaces(session.connection),
      walDirectory: await linkedTo(join(session.contract.dataDirectory, 'pg_wal')),
      now: edges.now,
    };
    const record = await withinRoom(session, (signal) => takeBaseBackup({ ...options, signal }));
    edges.log.info(
      { id: record.id, stored: record.storedSize, size: record.size, reason },
      `base backup ${record.id} is complete`,
    );
    if (backup.verify) {
      await verify(session, record);
    }
    report.recovered('base-backup');
    status.backups.running = false;
    const unsent = session.spool === null || answers.length === 0 ? null : await untilSent(session, record.id);
    await noteBackups(session, backup);
    await noteRestoreAnswer(session);
    answers.forEach(({ answer }) => {
      answer(unsent === null ? { kind: 'taken', id: record.id } : { kind: 'failed', message: unsent });
    });
    await applyRetention(session, backup);
    return null;
  } catch (error) {
    const message = session.stopping.aborted
      ? 'the agent or the server is stopping'
      : await explain(session, messageOf(error));
    session.failed('base-backup', message);
    answers.forEach(({ answer }) => {
      answer({ kind: 'failed', message });
    });
    return message;
  } finally {
    status.backups.running = false;
  }
}

/** Who asked wants one that can be restored, and what lies in a spool cannot. @returns why it is not off-site, or null. */
async function untilSent(session: Session, id: string): Promise<string | null> {
  while (!session.stopping.aborted) {
    const failure = session.status.failures.get('offsite');
    if (failure !== undefined) {
      return `base backup ${id} is made and not off-site yet, where it is sent as soon as that can be: ${failure.message}`;
    }
    if ((await restorable(session))?.backups.some((backup) => backup.id === id) === true) {
      return null;
    }
    await pause(500, session.stopping);
  }
  return 'the agent or the server is stopping';
}

/** pg_basebackup's own words, with what they are about and what to do. */
async function explain(session: Session, words: string): Promise<string> {
  const pages = readBadPages(words);
  if (pages.length === 0) {
    // Reasons are lines of /readyz, and are logged when they change: the folder has another name each time.
    const line = words
      .split('\n')
      .filter((part) => part !== '' && !/: removing (data directory|contents of)/.test(part))
      .join(' / ');
    return withAdvice(line, session.adviceOn({ code: null, message: line }));
  }
  const named = await Promise.all(
    pages.slice(0, 5).map(async (page) => ({
      ...page,
      relation: await relationOf(page.file, session.within).catch(() => undefined),
    })),
  );
  return badPagesMessage([...named, ...pages.slice(5).map((page) => ({ ...page, relation: undefined }))], words);
}

/**
 * A base backup that would fill the store takes the place of WAL, which is worth more: it waits, and what the policy
 * lets go, goes.
 * @throws where there is not enough room.
 */
async function guardFreeSpace(
  session: Session,
  complete: readonly BaseBackupRecord[],
  backup: BackupContract,
): Promise<void> {
  const { root, spool } = session;
  // A fifth more than the last one, and 64 MB for the WAL that comes meanwhile.
  const wanted =
    (complete.at(-1)?.storedSize ?? (await leastSize(session))) * 1.2 + (spool === null ? 64 : 8) * 2 ** 20;
  if ((await readFreeSpace(root, spool)).free < wanted) {
    await applyRetention(session, backup);
  }
  const { free } = await readFreeSpace(root, spool);
  if (free < wanted) {
    throw new Error(
      spool === null
        ? `the store has ${formatBytes(free)} free; a base backup needs about ${formatBytes(wanted)}. Make the claim larger or lower backup-keep`
        : `the spool has ${formatBytes(free)} free; a base backup needs about ${formatBytes(wanted)}. Wanted: a larger one (postgres.io/backup-spool), or what waits there sent off-site`,
    );
  }
}

/** Of the first one, for a spool: less than a quarter is what hardly any database is compressed to. What it becomes is watched (within-room.ts). */
async function leastSize({ connection, spool }: Session): Promise<number> {
  if (spool === null) {
    return 0;
  }
  const [row] = await connection.query<{ bytes: string }>(
    'SELECT pg_catalog.sum(pg_catalog.pg_database_size(oid))::text AS bytes FROM pg_catalog.pg_database',
  );
  return Number(row?.bytes ?? 0) / 5;
}

async function verify(session: Session, record: BaseBackupRecord): Promise<void> {
  const { status, edges, report } = session;
  const directory = baseBackupDirectory(session.root, record);
  const damage = await verifyBaseBackup(directory, record, session.stopping);
  const through = await walThrough(session, record);
  const problems = [...damage, ...(through.problem === null ? [] : [through.problem])];
  // A backup that is as it was made, and that a restore would refuse all the same: it is kept, and not called good.
  const obstacle =
    restoreObstacle(record, session.contract) ?? (await controlFileTrouble(session.contract.dataDirectory));
  const ok = problems.length === 0 && obstacle === null;
  status.backups.lastVerification = { at: edges.now(), ok, id: record.id };
  if (problems.length === 0 && obstacle !== null) {
    report.failed('verification', `base backup ${record.id} is not called verified: ${obstacle}`);
    return;
  }
  if (ok) {
    await writeBaseBackupRecord(directory, {
      ...record,
      verified: { at: edges.now().toISOString(), manifest: true, walThrough: through.segment },
    });
    report.recovered('verification');
    edges.log.info({ id: record.id, walThrough: through.segment }, `base backup ${record.id} is verified`);
    return;
  }
  const message = `base backup ${record.id} is not good: ${problems.slice(0, 5).join('; ')}`;
  report.failed('verification', message);
  if (damage.length > 0) {
    // Nobody may restore it. The next start of the agent removes it; until then it can be looked at.
    await rename(directory, join(directory, '..', `${storeNames.temporaryPrefix}damaged-${record.id}`));
  }
  throw new Error(message);
}

/** The newest segment up to which the backup's WAL is there without a hole; the receiver may still be a moment behind. */
async function walThrough(
  session: Session,
  record: BaseBackupRecord,
): Promise<{ readonly segment: string; readonly problem: string | null }> {
  const end = parseLsn(record.endLsn);
  for (let waited = 0; waited < 30 && !session.stopping.aborted; waited += 1) {
    const flushed = session.status.receiver.flushedLsn;
    if (flushed !== null && parseLsn(flushed) >= end) {
      break;
    }
    await pause(1000, session.stopping);
  }
  const inventory = (await known(session))?.wal ?? (await readWalInventory(session.root, record.systemId));
  const newest = newestSegment(inventory, record.timeline) ?? record.endSegment;
  const last = newest < record.endSegment ? record.endSegment : newest;
  const chain = checkWalChain(inventory, record.startSegment, last, record.segmentSize);
  return {
    segment: last,
    problem: chain.kind === 'complete' ? null : `WAL segment ${chain.missing} is missing (${chain.count} in all)`,
  };
}

async function applyRetention(session: Session, policy: BackupContract): Promise<void> {
  if (session.spool !== null) {
    // What is kept is kept off-site, and goes there (offsite/plan-push.ts, planExpiry).
    return;
  }
  try {
    const expired = await expire(session.root, session.facts.systemId, policy, session.edges.now());
    if (expired.waitingFor.length > 0) {
      session.edges.log.info({ leases: expired.waitingFor }, 'nothing is removed while a restore reads the store');
    } else if (expired.backups.length > 0 || expired.segments > 0) {
      session.edges.log.info(
        { backups: expired.backups, segments: expired.segments },
        'removed what is kept no longer',
      );
    }
    session.report.recovered('retention');
  } catch (error) {
    session.report.failed('retention', messageOf(error));
  }
}

async function noteBackups(session: Session, backup: BackupContract): Promise<void> {
  const { backups } = session.status;
  const complete = (await restorable(session))?.backups ?? [];
  backups.complete = complete.map(summarise);
  const newest = complete.at(-1);
  backups.nextAt = newest === undefined ? null : nextRun(backup.schedule, backup.timeZone, new Date(newest.startedAt));
}

export function summarise(record: BaseBackupRecord): BackupSummary {
  return {
    id: record.id,
    startedAt: new Date(record.startedAt),
    finishedAt: new Date(record.finishedAt),
    timeline: record.timeline,
    storedSize: record.storedSize,
    verified: record.verified !== null,
  };
}
