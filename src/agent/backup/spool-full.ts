import { join } from 'node:path';
import { formatBytes, readFreeSpace } from '../store/free-space.ts';
import { storeNames } from '../store/layout.ts';
import { usedSpace } from '../store/used-space.ts';
import type { Session } from './session.ts';

/** The rest is for a base backup: WAL has a place to wait in, the slot. */
const share = 0.25;
const leastSegments = 4;

/** Why no more WAL may be received into the spool now; null: there is room, or it is a claim. */
export async function spoolFull({
  spool,
  root,
  facts,
}: Pick<Session, 'spool' | 'root' | 'facts'>): Promise<string | null> {
  if (spool === null) {
    return null;
  }
  const folder = join(root, facts.systemId);
  const wal = (await usedSpace(join(folder, storeNames.wal))) + (await usedSpace(join(folder, storeNames.incoming)));
  const { free } = await readFreeSpace(root, spool);
  return wal > spool * share && wal > leastSegments * facts.segmentSize
    ? `the spool holds ${formatBytes(wal)} of WAL that is not off-site yet: no more is received until it was sent. The server keeps it meanwhile, up to max_slot_wal_keep_size`
    : free < leastSegments * facts.segmentSize
      ? `the spool has ${formatBytes(free)} free: no WAL is received until there is more. The server keeps it meanwhile, up to max_slot_wal_keep_size (postgres.io/backup-spool)`
      : null;
}
