import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerConnection } from '../server-connection/server-connection.ts';
import { writeDurably } from '../store/durable-file.ts';
import { recordGap } from '../store/gaps.ts';
import { storeNames } from '../store/layout.ts';
import { newestSegment, readWalInventory } from '../store/wal-inventory.ts';
import type { WalInventory } from '../store/wal-inventory.ts';
import { historyName, parseHistory, parseLsn, parseSegment, segmentName, timelineName } from '../store/wal-name.ts';
import { prepareIncoming } from './receiver-start.ts';
import type { ServerFacts } from './server-facts.ts';
import { createSlot, dropSlot, readSlot } from './slot.ts';

export interface ReceiverPlan {
  /** incoming/<timeline>/ */
  readonly directory: string;
  /** First segment that will be received. */
  readonly from: string;
  /** Said where WAL between what the store has and what the server still has is lost. */
  readonly gap: string | null;
}

/**
 * Gets everything ready for pg_receivewal to go on exactly where the store ends: the slot, the timeline's history, the
 * folder. Where the server no longer has that WAL, the gap is recorded and receiving goes on with the oldest it has.
 *
 * | slot              | next segment on the server | then                                  |
 * | there             | yes                        | go on                                 |
 * | missing           | yes                        | new slot, go on: nothing was recycled |
 * | lost              | yes                        | new slot, go on                       |
 * | any               | no                         | new slot, gap                         |
 *
 * @throws where the server or the store does not answer.
 */
export async function planReceiver(
  connection: ServerConnection,
  root: string,
  facts: ServerFacts,
  now: Date,
): Promise<ReceiverPlan> {
  const { systemId, timeline, segmentSize } = facts;
  const directory = join(root, systemId, storeNames.incoming, timelineName(timeline));
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const begin = await timelineBegin(connection, root, facts);
  let reserved = await healthySlot(connection);
  const wanted = nextSegment(await readWalInventory(root, systemId), facts) ?? begin;
  let first = wanted ?? reserved / BigInt(segmentSize);
  let gap: string | null = null;
  const name = (number: bigint): string => segmentName({ timeline, number }, segmentSize);
  if (wanted !== undefined && wanted < reserved / BigInt(segmentSize) && !(await serverHas(connection, name(wanted)))) {
    await dropSlot(connection);
    reserved = parseReserved((await createSlot(connection)).restartLsn);
    first = reserved / BigInt(segmentSize);
    gap = `the server no longer has ${name(wanted)}; WAL is missing up to ${name(first)}`;
    await recordGap(root, systemId, {
      at: now.toISOString(),
      timeline,
      missing: name(wanted),
      resumed: name(first),
      reason: 'removed from the server before it was received',
    });
  }
  await prepareIncoming({ directory, timeline, segmentSize, wanted: first });
  return { directory, from: name(first), gap };
}

/** The position that the slot keeps WAL from, of a slot that works; made anew where it does not. */
export async function healthySlot(connection: ServerConnection): Promise<bigint> {
  const slot = await readSlot(connection);
  if (slot?.restartLsn !== null && slot?.restartLsn !== undefined && slot.walStatus !== 'lost') {
    return parseLsn(slot.restartLsn);
  }
  if (slot !== undefined) {
    await dropSlot(connection);
  }
  return parseReserved((await createSlot(connection)).restartLsn);
}

function parseReserved(lsn: string | null): bigint {
  if (lsn === null) {
    throw new Error('the server made a slot that keeps no WAL');
  }
  return parseLsn(lsn);
}

/** The first segment of a later timeline, which begins as a copy of its parent's; undefined on timeline 1. */
async function timelineBegin(
  connection: ServerConnection,
  root: string,
  facts: ServerFacts,
): Promise<bigint | undefined> {
  if (facts.timeline === 1) {
    return undefined;
  }
  const [history] = await connection.query<{ content: unknown }>(`TIMELINE_HISTORY ${facts.timeline}`);
  const text = Buffer.isBuffer(history?.content) ? history.content.toString('utf8') : String(history?.content);
  // Before any WAL of it: a restore that finds segments of a timeline without its history stops.
  const folder = join(root, facts.systemId, storeNames.wal);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeDurably(join(folder, historyName(facts.timeline)), text);
  const last = parseHistory(text).at(-1);
  return last === undefined ? undefined : last.at / BigInt(facts.segmentSize);
}

/** Number of the segment after the newest complete one of this timeline, or of the partial one; undefined: there is none. */
function nextSegment(inventory: WalInventory, facts: ServerFacts): bigint | undefined {
  const newest = newestSegment(inventory, facts.timeline);
  if (newest === undefined) {
    return undefined;
  }
  const { number } = parseSegment(newest, facts.segmentSize);
  return inventory.segments.get(facts.timeline)?.has(newest) === true ? number + 1n : number;
}

async function serverHas(connection: ServerConnection, segment: string): Promise<boolean> {
  const rows = await connection.query(`SELECT 1 AS found FROM pg_catalog.pg_ls_waldir() WHERE name = '${segment}'`);
  return rows.length > 0;
}
