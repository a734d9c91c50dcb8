import { newestMajor } from '../../workload/newest-major.ts';
import type { BaseBackupRecord } from '../store/layout.ts';
import type { PartPlaces } from './outside-parts.ts';
import { mountOf } from './outside-parts.ts';

/**
 * Why a base backup could not be put back, whatever WAL is behind it; null: nothing is in the way. The one judgement of what the
 * planner of a restore, the verification of a base backup and the running agent ask, so that none of them promises what another
 * refuses. Pure.
 * @param places null: one directory on any machine.
 */
export function restoreObstacle(
  record: Pick<BaseBackupRecord, 'id' | 'major' | 'tablespaces'>,
  places: PartPlaces | null,
): string | null {
  if (record.major > newestMajor) {
    return `base backup ${record.id} is of PostgreSQL ${record.major}, and this agent knows those up to ${newestMajor}; wanted: an agent image as new as the server (postgres.io/agent-image)`;
  }
  return tablespaceObstacle(`base backup ${record.id} holds tablespaces`, record.tablespaces, places);
}

/** The same of tablespaces alone. `subject`: who has them. */
export function tablespaceObstacle(
  subject: string,
  tablespaces: BaseBackupRecord['tablespaces'],
  places: PartPlaces | null,
): string | null {
  const homeless = tablespaces.filter(({ location }) => places === null || mountOf(location, places) === undefined);
  if (homeless.length === 0) {
    return null;
  }
  const listed = homeless.map(({ oid, location }) => `${oid} at ${location}`).join(', ');
  return places === null
    ? `${subject} (${listed}), which cannot be put back into one directory. Wanted: a restore in the pod, where each has its volume, or another base backup`
    : `${subject} (${listed}) that lie on no claim that the server's container mounts, so that they are lost with the pod and cannot be put back. Move them to a mounted claim (ALTER TABLE ... SET TABLESPACE), or drop them`;
}
