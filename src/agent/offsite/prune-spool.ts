import { rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode, syncDirectory } from '../store/durable-file.ts';
import { storeNames } from '../store/layout.ts';
import { isSegmentExpired } from '../backup/retention.ts';
import type { BaseBackupRecord } from '../store/layout.ts';
import type { BucketInventory } from './bucket-inventory.ts';
import { segmentOf } from './bucket-inventory.ts';
import type { LocalInventory } from './plan-push.ts';

/** What the spool no longer needs, since the off-site copy has it. */
export interface Pruning {
  /** WAL, with its bytes there: a file that differs stays. Null: whatever it has. */
  readonly files: readonly { readonly key: string; readonly size: number | null }[];
  /** Folders of base backups. */
  readonly folders: readonly string[];
}

/** Of each timeline: receiving goes on behind the newest, and what the server has is compared with it (backup/contradiction.ts). */
const newest = 2;

/**
 * Pure. A base backup goes when its DONE.json is there word for word, which is sent last.
 *
 * @param kept base backups that WAL is kept for (plan-push.ts, kept).
 */
export function planPrune(
  local: Pick<LocalInventory, 'wal' | 'backups' | 'systemId'>,
  bucket: BucketInventory,
  kept: readonly BaseBackupRecord[],
): Pruning {
  const byTimeline = new Map<string, string[]>();
  for (const key of local.wal) {
    const segment = segmentOf(key);
    if (segment !== undefined) {
      const timeline = segment.slice(0, 8);
      byTimeline.set(timeline, [...(byTimeline.get(timeline) ?? []), key]);
    }
  }
  const whole = [...byTimeline.values()].map((keys) => keys.sort());
  const last = whole
    .map((keys) => keys.at(-1) ?? '')
    .sort()
    .at(-1);
  const stored = new Set([...bucket.files.keys()].map(segmentOf));
  const files = whole.flatMap((keys) => {
    const stay = new Set(keys.slice(-newest));
    return keys.flatMap((key): Pruning['files'][number][] => {
      const size = bucket.files.get(key);
      if (size !== undefined) {
        return stay.has(key) ? [] : [{ key, size }];
      }
      const segment = segmentOf(key) ?? '';
      // There with another compression: of one timeline, that is the same WAL (backup/contradiction.ts).
      const isStored = stored.has(segment) && !stay.has(key);
      return isStored || (key !== last && isSegmentExpired(segment, kept)) ? [{ key, size: null }] : [];
    });
  });
  const folders = local.backups
    .map(({ record, text }) => ({ folder: `${local.systemId}/${storeNames.base}/${record.id}`, text }))
    .filter(({ folder, text }) => bucket.texts.get(`${folder}/${storeNames.done}`) === text)
    .map(({ folder }) => folder);
  return { files, folders };
}

/** @param root `<mount>/<prefix>` @throws system errors of the spool. */
export async function pruneSpool(root: string, { files, folders }: Pruning): Promise<void> {
  for (const { key, size } of files) {
    const path = join(root, key);
    const found = await stat(path).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') {
        return undefined;
      }
      throw error;
    });
    if (size === null || found?.size === size) {
      await rm(path, { force: true });
    }
  }
  for (const folder of folders) {
    const path = join(root, folder);
    const doomed = join(dirname(path), `${storeNames.temporaryPrefix}${basename(path)}`);
    await rename(path, doomed);
    await syncDirectory(dirname(path));
    await rm(doomed, { recursive: true, force: true });
  }
}
