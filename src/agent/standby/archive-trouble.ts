import { relationTo, timelineOf } from '../decision/timeline-relation.ts';
import type { WalPosition } from '../decision/timeline-relation.ts';
import type { Lineage } from '../restore/lineage.ts';
import { walRoute } from '../restore/wal-route.ts';
import type { WalInventory } from '../store/wal-inventory.ts';
import { formatLsn } from '../store/wal-name.ts';

/** What one look at the store that is followed has shown. */
export interface ArchiveWal {
  readonly wal: WalInventory;
  readonly lineage: Lineage;
  readonly segmentSize: number;
}

/** Why a standby will never get further by that store, in a sentence; null: nothing says so. Pure. */
export function archiveTrouble(pod: string, own: WalPosition, archive: ArchiveWal): string | null {
  const relation = relationTo({ lineage: archive.lineage, end: null }, own);
  if (relation.kind === 'diverged' || relation.kind === 'newer') {
    return relation.kind === 'diverged' && relation.at !== null
      ? `the set whose backups are followed left this server's timeline ${timelineOf(own)} at ${formatLsn(relation.at)}, and this server has WAL behind that; ${wanted(pod)}`
      : `this server's timeline ${timelineOf(own)} is not one of the backups that are followed; ${wanted(pod)}`;
  }
  if (own.end === null) {
    return null;
  }
  const next = own.end / BigInt(archive.segmentSize);
  const { steps, gap } = walRoute(archive.wal, archive.lineage, next, archive.segmentSize);
  return steps.length > 0 || gap === null
    ? null
    : `WAL segment ${gap.missing}, which this server needs next, is not in the backups that are followed, and ${gap.evidence} is: it was removed there, or was never received; ${wanted(pod)}`;
}

/** Its own words of a database that is another. */
export function otherSystem(pod: string, reason: string): string {
  return `${reason}: another database than the one that is followed here; ${wanted(pod)}`;
}

function wanted(pod: string): string {
  return `wanted a new restore from there: delete the data claim of ${pod}, and the pod`;
}
