import { openDataWal } from '../restore/data-wal.ts';
import { SegmentError } from '../restore/segment-file.ts';
import type { WalPlace } from '../restore/segment-file.ts';
import { readStoreWal } from '../restore/store-wal.ts';
import { firstDifference, newestSteps } from '../restore/wal-agreement.ts';
import { readTail } from '../restore/wal-tail.ts';
import { formatLsn } from '../store/wal-name.ts';
import type { ServerFacts } from './server-facts.ts';

/** What a running server whose store has another history can be told; the boot decision asks the rest. */
export const whenFound =
  'Wanted: one history. Restart the pod: it stops and says both ends, and postgres.io/when-behind chooses ("catch-up", "fork"). A new base backup, on a timeline of its own, closes this';

/**
 * pg_receivewal begins anew at the start of the store's newest segment and writes over what is there. Before that, byte by byte:
 * what the store has of this timeline must be what the server has. The server wrote and flushed it first, so that it is in pg_wal,
 * or was recycled since.
 * @returns what is wrong, for a person, or null.
 */
export async function findContradiction(
  root: string,
  dataDirectory: string,
  facts: ServerFacts,
): Promise<string | null> {
  const place: WalPlace = { root, systemId: facts.systemId, segmentSize: facts.segmentSize };
  const steps = newestSteps(await readStoreWal(place), facts.timeline, facts.segmentSize);
  try {
    const { end } = await readTail(place, [...steps].reverse().slice(-16));
    if (end === null) {
      return null;
    }
    const at = await firstDifference(place, steps, await openDataWal(dataDirectory, facts), end);
    return at === null
      ? null
      : `the store holds WAL of timeline ${facts.timeline} up to ${formatLsn(end)} that this server never wrote: from ${formatLsn(at)} on they are two histories. ` +
          `Nothing is archived and nothing is written over; this database is NOT protected. ${whenFound}`;
  } catch (error) {
    if (error instanceof SegmentError) {
      // A file that was damaged is for the mover and for the verification to say; it is not written over, its segment is whole.
      return null;
    }
    throw error;
  }
}
