import { newestMajor } from '../../workload/newest-major.ts';
import type { BaseBackupRecord } from '../store/layout.ts';

/**
 * Why a base backup could not be put back, whatever WAL is behind it; null: nothing is in the way. The one judgement of what the
 * planner of a restore, the verification of a base backup and the running agent ask, so that none of them promises what another
 * refuses. Pure.
 */
export function restoreObstacle(record: Pick<BaseBackupRecord, 'id' | 'major' | 'tablespaces'>): string | null {
  if (record.major > newestMajor) {
    return `base backup ${record.id} is of PostgreSQL ${record.major}, and this agent knows those up to ${newestMajor}; wanted: an agent image as new as the server (postgres.io/agent-image)`;
  }
  if (record.tablespaces.length > 0) {
    return `base backup ${record.id} holds tablespaces (${tablespacesText(record.tablespaces)}), which cannot be put back into one volume. Restore it by hand, or choose another with postgres.io/restore-backup`;
  }
  return null;
}

export function tablespacesText(tablespaces: BaseBackupRecord['tablespaces']): string {
  return tablespaces.map(({ oid, location }) => `${oid} at ${location}`).join(', ');
}
