import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseControlFile } from '../decision/control-file.ts';
import { tablespaceObstacle } from '../restore/restore-obstacle.ts';
import { latestRefusal } from '../restore/restore-plan.ts';
import { sizeOfRestore } from '../offsite/plan-fetch.ts';
import { formatBytes, roomIn } from '../store/free-space.ts';
import { pause } from './pause.ts';
import { readTablespaces } from './server-facts.ts';
import type { Session } from './session.ts';
import { restorable } from './stored.ts';
import { messageOf } from './status-report.ts';

/** A refusal may be of one moment, in which a segment was on its way from one folder to the other: it is asked twice. */
const asksBeforeBelieving = 2;

/** Seconds from one full answer to the next; what DDL changes is looked at each second. */
const interval = 60;
const intervalWhileRefused = 5;

/**
 * Why `restore` would refuse if the data volume were lost now; null: it would not. The planner of a restore is asked itself, with
 * the request that a lost volume makes (the newest backup, to the end), and what it cannot know is asked of the server and PGDATA.
 */
export async function restoreAnswer(session: Session): Promise<string | null> {
  return (await changedSince(session)) ?? (await planTrouble(session));
}

/** Asks for as long as the session lasts, and at once where a tablespace is made. */
export async function keepAskingRestore(session: Session): Promise<void> {
  const { status } = session;
  let askAt = 0;
  const stopped = (): boolean => session.stopping.aborted;
  while (!stopped()) {
    try {
      if (performance.now() >= askAt) {
        await noteRestoreAnswer(session);
        askAt = performance.now() + (status.restoreRefused === null ? interval : intervalWhileRefused) * 1000;
      } else {
        const changed = await changedSince(session);
        if (changed !== null) {
          note(session, changed);
          askAt = performance.now() + intervalWhileRefused * 1000;
        }
      }
    } catch (error) {
      if (!stopped()) {
        // What keeps this from reading the store keeps a restore from it too.
        note(session, `it cannot be told: ${messageOf(error)}`);
      }
    }
    await pause(1000, session.stopping);
  }
}

/** After a base backup too, so that no second passes in which the old answer holds. */
export async function noteRestoreAnswer(session: Session): Promise<void> {
  let answer: string | null = null;
  for (let asked = 0; asked < asksBeforeBelieving && !session.stopping.aborted; asked += 1) {
    answer = await restoreAnswer(session);
    if (answer === null) {
      break;
    }
    await pause(200, session.stopping);
  }
  note(session, answer);
}

function note(session: Session, answer: string | null): void {
  const { status, edges } = session;
  if (answer !== null && answer !== status.restoreRefused && status.backups.complete.length > 0) {
    edges.log.error({ restore: 'refused' }, `a restore would be refused now: ${answer}`);
  } else if (answer === null && status.restoreRefused !== null) {
    edges.log.info({ restore: 'possible' }, 'a restore of everything is possible');
  }
  status.restoreRefused = answer;
}

/** The next start of the pod reads this file before anything else, and a restore puts it back. */
export async function controlFileTrouble(dataDirectory: string): Promise<string | null> {
  const path = join(dataDirectory, 'global', 'pg_control');
  try {
    parseControlFile(await readFile(path));
    return null;
  } catch (error) {
    return `${path}: ${messageOf(error)}`;
  }
}

/** What can come to be between two base backups: it is told before there is one with it. */
async function changedSince(session: Session): Promise<string | null> {
  return (await controlFileTrouble(session.contract.dataDirectory)) ?? (await tablespaceTrouble(session));
}

/** Of the tablespaces that the server has now. */
async function tablespaceTrouble({ connection, contract }: Session): Promise<string | null> {
  return tablespaceObstacle('the server has tablespaces', await readTablespaces(connection), contract);
}

async function planTrouble(session: Session): Promise<string | null> {
  const { facts, root, contract } = session;
  const stored = await restorable(session);
  if (stored === undefined || stored.backups.length === 0) {
    return 'there is no base backup';
  }
  const place = { root, systemId: facts.systemId, segmentSize: facts.segmentSize };
  return (await latestRefusal(place, stored.wal, stored.backups, contract)) ?? roomTrouble(session);
}

/** What a restore brings into the spool must fit in there, beside nothing else. */
function roomTrouble({ spool, facts, live }: Session): string | null {
  if (spool === null || live.copied === null) {
    return null;
  }
  const size = sizeOfRestore(live.copied, facts);
  const room = roomIn(spool);
  return size <= room
    ? null
    : `the newest base backup and the WAL behind it take ${formatBytes(size)}, and the spool that they would be brought into has room for ${formatBytes(room)}; wanted more (postgres.io/backup-spool), or base backups more often (postgres.io/backup-schedule)`;
}
