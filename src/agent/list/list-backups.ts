import { latestLineageBy } from '../restore/lineage.ts';
import { walRoute } from '../restore/wal-route.ts';
import { formatBytes } from '../store/free-space.ts';
import type { BaseBackupRecord } from '../store/layout.ts';
import { parseSegment } from '../store/wal-name.ts';
import { directoryStore } from './directory-store.ts';
import type { ReadableStore } from './readable-store.ts';

/** One base backup as `list` shows it; `--json` prints these. */
export interface ListedBackup {
  readonly id: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly size: number;
  readonly storedSize: number;
  readonly timeline: number;
  /** First segment that a restore of it reads, and the last that can be read without a hole; null: not even its own. */
  readonly walFrom: string;
  readonly walTo: string | null;
  /** Where WAL is missing although there is more behind it. */
  readonly gap: string | null;
  /** ISO 8601, or null. */
  readonly verifiedAt: string | null;
  readonly compression: BaseBackupRecord['compression'];
}

export interface Listing {
  readonly backups: readonly ListedBackup[];
  readonly damaged: readonly { readonly id: string; readonly reason: string }[];
}

/** @throws where the store has no readable identity, or its WAL cannot be told (a history file is missing). */
export async function listBackups(store: ReadableStore): Promise<Listing> {
  const systemId = await systemOf(store);
  if (systemId === null) {
    return { backups: [], damaged: [] };
  }
  const { complete, damaged } = await store.baseBackups(systemId);
  const backups: ListedBackup[] = [];
  const [first] = complete;
  if (first !== undefined) {
    const wal = await store.wal(systemId, first.segmentSize);
    const lineage = await latestLineageBy(
      (timeline) => store.history(systemId, timeline),
      wal,
      complete.map((record) => record.timeline),
    );
    for (const record of complete) {
      const { number } = parseSegment(record.startSegment, record.segmentSize);
      const route = walRoute(wal, lineage, number, record.segmentSize);
      backups.push({
        id: record.id,
        startedAt: record.startedAt,
        finishedAt: record.finishedAt,
        size: record.size,
        storedSize: record.storedSize,
        timeline: record.timeline,
        walFrom: record.startSegment,
        walTo: route.steps.at(-1)?.name ?? null,
        gap: route.gap === null ? null : `${route.gap.missing} is missing (there is ${route.gap.evidence})`,
        verifiedAt: record.verified?.at ?? null,
        compression: record.compression,
      });
    }
  }
  return { backups, damaged };
}

/** The system that the store belongs to; null where it is claimed and nothing was ever put into it. @throws see listBackups. */
export function storeSystem(root: string): Promise<string | null> {
  return systemOf(directoryStore(root));
}

async function systemOf(store: ReadableStore): Promise<string | null> {
  const reading = await store.identity();
  switch (reading.kind) {
    case 'absent':
      throw new Error(`${store.name} is no store: it has no STORE.json. ${store.whereElse}`);
    case 'unreadable':
      throw new Error(reading.reason);
    case 'present':
      return reading.identity.systemId;
  }
}

/** A table for a terminal; one line of words where there is nothing to show. */
export function listingText(listing: Listing, now: Date): string {
  const header = ['ID', 'START', 'SIZE', 'STORED', 'WAL FROM', 'WAL TO', 'VERIFIED', 'AGE'];
  const rows = listing.backups.map((backup) => [
    backup.id,
    backup.startedAt.replace(/\.\d+Z$/, 'Z'),
    formatBytes(backup.size),
    formatBytes(backup.storedSize),
    backup.walFrom,
    backup.walTo ?? 'none',
    backup.verifiedAt === null ? 'no' : 'yes',
    ageText(now.getTime() - Date.parse(backup.finishedAt)),
  ]);
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [
    ...(rows.length === 0 ? ['There is no base backup.'] : [line(header), ...rows.map(line)]),
    ...listing.backups.flatMap((backup) => (backup.gap === null ? [] : [`GAP after ${backup.id}: ${backup.gap}`])),
    ...listing.damaged.map((backup) => `DAMAGED ${backup.id}: ${backup.reason}`),
    '',
  ].join('\n');
}

function ageText(milliseconds: number): string {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  if (minutes < 60) {
    return `${minutes}m`;
  }
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h${minutes % 60}m` : `${Math.floor(hours / 24)}d${hours % 24}h`;
}
