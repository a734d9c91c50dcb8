import { readHistory } from '../store/timeline-history.ts';
import { readStoreWal } from '../restore/store-wal.ts';
import { readBaseBackups } from '../store/base-backups.ts';
import { readIdentity } from '../store/identity.ts';
import type { ReadableStore } from './readable-store.ts';

/** @param root `<mount>/<prefix>` */
export function directoryStore(root: string): ReadableStore {
  return {
    name: root,
    whereElse: 'Is the claim mounted, and the prefix <namespace>/<name>?',
    identity: () => readIdentity(root),
    baseBackups: (systemId) => readBaseBackups(root, systemId),
    wal: (systemId, segmentSize) => readStoreWal({ root, systemId, segmentSize }),
    history: (systemId, timeline) => readHistory(root, systemId, timeline),
  };
}
