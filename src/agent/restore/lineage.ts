import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readHistory, readOwnHistory } from '../store/timeline-history.ts';
import type { WalPlace } from './segment-file.ts';
import type { WalInventory } from '../store/wal-inventory.ts';
import { historyName, isHistoryName, parseHistory } from '../store/wal-name.ts';

/** One step of a lineage: WAL of `timeline` counts from `begin` up to, not including, `end`. */
export interface TimelineSpan {
  readonly timeline: number;
  readonly begin: bigint;
  /** Where the next timeline forked off; null for the last. */
  readonly end: bigint | null;
}

/** Oldest first, never empty. */
export type Lineage = readonly TimelineSpan[];

/**
 * The way from the first timeline to `timeline`, from the text of its history file (null for timeline 1, which has none).
 * @throws on a text that is no history: a lineage that is guessed loses rows.
 */
export function lineageOf(timeline: number, history: string | null): Lineage {
  const spans: TimelineSpan[] = [];
  let begin = 0n;
  for (const { parent, at } of history === null ? [] : parseHistory(history)) {
    if (parent <= (spans.at(-1)?.timeline ?? 0) || parent >= timeline || at < begin) {
      throw new Error(`${historyName(timeline)} is damaged: timeline ${parent} cannot stand there`);
    }
    spans.push({ timeline: parent, begin, end: at });
    begin = at;
  }
  if (spans.length === 0 && timeline !== 1) {
    throw new Error(`${historyName(timeline)} is empty; wanted a line for each timeline before`);
  }
  return [...spans, { timeline, begin, end: null }];
}

/** Highest timeline that the store knows of in any way. */
export function newestTimeline(wal: WalInventory, ofBackups: readonly number[]): number {
  return Math.max(1, ...ofBackups, ...wal.histories, ...withFiles(wal.segments), ...withFiles(wal.partial));
}

/**
 * The lineage that `recovery_target_timeline = latest` will follow. PostgreSQL counts up from the backup's timeline for as
 * long as it finds history files (findNewestTimeLine in timeline.c), so one that is missing would silently end the lineage
 * before its newest rows: refused. Those that the newest timeline came from are in its own history.
 * @throws naming the history file that is missing or damaged.
 */
export function latestLineage(
  root: string,
  systemId: string,
  wal: WalInventory,
  ofBackups: readonly number[],
): Promise<Lineage> {
  return latestLineageBy((timeline) => readHistory(root, systemId, timeline), wal, ofBackups);
}

/** Of a PGDATA on that timeline: a standby may be on one that its own store knows nothing of. */
export function lineageOfData(
  { root, systemId }: Pick<WalPlace, 'root' | 'systemId'>,
  wal: WalInventory,
  dataDirectory: string,
  timeline: number,
): Promise<Lineage> {
  return latestLineageBy(
    async (asked) => (await readHistory(root, systemId, asked)) ?? readOwnHistory(dataDirectory, asked),
    wal,
    [timeline],
  );
}

/** The same, wherever the store is. @param history the text of a timeline's history; undefined where there is none. */
export async function latestLineageBy(
  history: (timeline: number) => Promise<string | undefined>,
  wal: WalInventory,
  ofBackups: readonly number[],
): Promise<Lineage> {
  const latest = newestTimeline(wal, ofBackups);
  if (latest === 1) {
    return lineageOf(1, null);
  }
  const missing = (timeline: number): Error =>
    new Error(
      `the history file ${historyName(timeline)} is missing in the store, which holds timeline ${latest}; without it a restore would stop before the newest rows`,
    );
  const text = await history(latest);
  if (text === undefined) {
    throw missing(latest);
  }
  const lineage = lineageOf(latest, text);
  const oldest = Math.min(latest, ...ofBackups);
  for (let timeline = oldest + 1; timeline < latest; timeline += 1) {
    if (!lineage.some((span) => span.timeline === timeline) && (await history(timeline)) === undefined) {
      throw missing(timeline);
    }
  }
  return lineage;
}

/**
 * The newest timeline that PGDATA itself knows of. What it has in pg_wal is its own: a promotion writes the history file there first
 * and pg_control at its next checkpoint.
 */
export async function newestOwnTimeline(dataDirectory: string, ofControlFile: number): Promise<number> {
  const files = await readdir(join(dataDirectory, 'pg_wal')).catch(() => []);
  return Math.max(ofControlFile, ...files.filter(isHistoryName).map((name) => Number.parseInt(name, 16)));
}

/** The newest timeline in the store that came from `own`; null where there is none. */
export async function newerTimeline(
  root: string,
  systemId: string,
  wal: WalInventory,
  own: number,
): Promise<number | null> {
  for (const timeline of [...wal.histories].filter((found) => found > own).sort((a, b) => b - a)) {
    const history = await readHistory(root, systemId, timeline);
    if (history !== undefined && cameFrom(history, own)) {
      return timeline;
    }
  }
  return null;
}

/** Whether the timeline of this history has `timeline` among those before it. */
export function cameFrom(history: string, timeline: number): boolean {
  return parseHistory(history).some((step) => step.parent === timeline);
}

function withFiles(names: ReadonlyMap<number, ReadonlySet<string>>): number[] {
  return [...names].filter(([, found]) => found.size > 0).map(([timeline]) => timeline);
}
