import { backupsIn, readBucketInventory, walIn } from '../offsite/bucket-inventory.ts';
import type { BucketInventory } from '../offsite/bucket-inventory.ts';
import type { SetPlace } from '../offsite/set-place.ts';
import { readSmallObject } from '../offsite/small-object.ts';
import { parseIdentity } from '../store/identity.ts';
import { storeNames } from '../store/layout.ts';
import { historyName } from '../store/wal-name.ts';
import type { ReadableStore } from './readable-store.ts';

/** The folder of a set in a bucket. Nothing is written, and only records are read: the rest is told by the names of what is there. */
export function placeStore(place: SetPlace): ReadableStore {
  let listed: Promise<BucketInventory> | undefined;
  const inventory = (): Promise<BucketInventory> => (listed ??= readBucketInventory(place, new Map()));
  return {
    name: place.name,
    whereElse: 'Is the bucket the right one, and the prefix <namespace>/<name>?',
    identity: async () => {
      const found = await readSmallObject(place, storeNames.identity);
      return found === undefined
        ? { kind: 'absent' }
        : parseIdentity(found.text, `${storeNames.identity} in ${place.name}`);
    },
    baseBackups: async (systemId) => backupsIn(await inventory(), systemId),
    wal: async (systemId) => walIn((await inventory()).files.keys(), systemId),
    history: async (systemId, timeline) =>
      (await readSmallObject(place, `${systemId}/${storeNames.wal}/${historyName(timeline)}`))?.text,
  };
}
