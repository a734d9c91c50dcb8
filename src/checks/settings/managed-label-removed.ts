import { isManaged, managedLabelName } from '../../workload/read-settings.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: metadata.labels[postgres.io/managed] before and after.
 * Allowed: on UPDATE, the label kept; or the escape, with which everything injected is taken out again.
 */
export const managedLabelRemoved: Check = {
  id: 'managed-label-removed',
  severity: 'deny',
  summary: 'The label is taken from a set that was managed.',
  because:
    'The next rollout has no backup and no clean stop. The replication slot stays behind in the database and keeps WAL until the disk is full.',
  instead:
    'The label; or `postgres.io/allow-managed-label-removed` with the reason, and then `SELECT pg_drop_replication_slot(...)` for the slots named pgusher*.',
  coversLeftAlone: true,
  examineChange({ before, after }) {
    if (!isManaged(before.labels) || isManaged(after.labels)) return noObservations;
    const value = after.labels[managedLabelName];
    return [
      {
        field: `metadata.labels[${managedLabelName}]`,
        message: `${managedLabelName} is ${value === undefined ? 'gone' : quoted(value)}, so backups would stop; wanted "true". Put it back, or write postgres.io/allow-managed-label-removed: "<reason>".`,
      },
    ];
  },
};
