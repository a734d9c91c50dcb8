import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '../store/durable-file.ts';
import { storeNames } from '../store/layout.ts';
import type { DumpManifest } from './dump-manifest.ts';
import { readDumps } from './stored-dumps.ts';

export interface DumpRetention {
  /** Dumps kept, at least 1. */
  readonly keep: number;
  /** Seconds; null: by count alone. */
  readonly keepFor: number | null;
}

/**
 * Which dumps go, oldest first. A dump stays
 *
 *   - while it is one of the `keep` newest;
 *   - while it is younger than `keepFor`;
 *   - while it has the newest archive of a database that the server still had when the newest dump was made, or the newest roles.
 */
export function planDumpRetention(
  dumps: readonly DumpManifest[],
  { keep, keepFor }: DumpRetention,
  now: Date,
): readonly DumpManifest[] {
  const sorted = [...dumps].sort((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
  const stays = new Set(sorted.slice(-Math.max(keep, 1)).map(({ id }) => id));
  const newestOf = new Map<string, string>();
  const newest = sorted.at(-1);
  const known = new Set([...(newest?.databases ?? []), ...(newest?.leftOut ?? [])].map(({ name }) => name));
  for (const dump of sorted) {
    for (const database of dump.databases) {
      if (database.kind === 'dumped' && known.has(database.name)) newestOf.set(`database ${database.name}`, dump.id);
    }
    if (dump.globals.kind === 'dumped') newestOf.set('globals', dump.id);
    if (keepFor !== null && Date.parse(dump.finishedAt) > now.getTime() - keepFor * 1000) stays.add(dump.id);
  }
  for (const id of newestOf.values()) stays.add(id);
  return sorted.filter(({ id }) => !stays.has(id));
}

/** @returns ids of what was removed. @throws where the folder cannot be read or written. */
export async function expireDumps(folder: string, retention: DumpRetention, now: Date): Promise<readonly string[]> {
  const { complete } = await readDumps(folder);
  const gone = planDumpRetention(complete, retention, now).map(({ id }) => id);
  for (const id of gone) {
    // Under a name that marks it unfinished before its files go.
    const doomed = join(folder, `${storeNames.temporaryPrefix}${id}`);
    await rename(join(folder, id), doomed);
    await syncDirectory(folder);
    await rm(doomed, { recursive: true, force: true });
  }
  return gone;
}
