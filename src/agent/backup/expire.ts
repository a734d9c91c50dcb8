import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { baseBackupDirectory, readBaseBackups } from '../store/base-backups.ts';
import { namesIn } from '../store/stored-records.ts';
import { syncDirectory } from '../store/durable-file.ts';
import { storeNames } from '../store/layout.ts';
import type { RetentionPolicy } from './retention.ts';
import { isSegmentExpired, planRetention } from './retention.ts';

export interface Expired {
  readonly backups: readonly string[];
  readonly segments: number;
  /** Names of running restores and clones that nothing is removed under; empty where none. */
  readonly waitingFor: readonly string[];
}

/**
 * A restore renews its lease while it runs. One that was killed for good would keep everything for ever, so that a lease
 * that was not touched for a day counts no more.
 */
const leaseLasts = 24 * 3600 * 1000;

/**
 * Removes what the policy no longer keeps: base backups first, each under a name that marks it unfinished before its
 * files go, then WAL that no kept backup needs.
 * @throws where the store cannot be read or written.
 */
export async function expire(root: string, systemId: string, policy: RetentionPolicy, now: Date): Promise<Expired> {
  const waitingFor = await activeLeases(root, now);
  if (waitingFor.length > 0) {
    return { backups: [], segments: 0, waitingFor };
  }
  const { complete } = await readBaseBackups(root, systemId);
  const plan = planRetention(complete, policy, now);
  const base = join(root, systemId, storeNames.base);
  for (const backup of plan.remove) {
    const doomed = join(base, `${storeNames.temporaryPrefix}${backup.id}`);
    await rename(baseBackupDirectory(root, backup), doomed);
    await syncDirectory(base);
    await rm(doomed, { recursive: true, force: true });
  }
  let segments = 0;
  for (const part of [storeNames.wal, storeNames.incoming]) {
    for (const timeline of (await namesIn(join(root, systemId, part))).filter((name) => /^[0-9A-F]{8}$/.test(name))) {
      const folder = join(root, systemId, part, timeline);
      for (const name of await namesIn(folder)) {
        // The newest timeline's files in incoming/ are never expired: they are newer than every backup's start.
        if (isSegmentExpired(name.replace(/\.(zst|gz|partial)$/, ''), plan.keep)) {
          await rm(join(folder, name), { force: true });
          segments += 1;
        }
      }
    }
  }
  return { backups: plan.remove.map((backup) => backup.id), segments, waitingFor };
}

async function activeLeases(root: string, now: Date): Promise<string[]> {
  const folder = join(root, storeNames.leases);
  const active: string[] = [];
  for (const name of (await namesIn(folder)).filter((candidate) => candidate.endsWith('.json'))) {
    const { mtime } = await stat(join(folder, name));
    if (Math.abs(now.getTime() - mtime.getTime()) < leaseLasts) {
      active.push(name.replace(/\.json$/, ''));
    }
  }
  return active;
}
