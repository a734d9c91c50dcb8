import { numberAt, objectAt } from '../../workload/json.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { printable } from '../shown-text.ts';

/** Named in the message; whoever removes more reads the pattern. */
const shownSlots = 3;

/**
 * Fields: spec.replicas before and after, postgres.io/replication-secret.
 * Allowed: on UPDATE, as many standbys as before, or more. Each standby has a slot on the primary (agent/restore/standby.ts).
 */
export const scaleDown: Check = {
  id: 'scale-down',
  severity: 'warn',
  summary: 'Standbys are taken away, and their replication slots stay.',
  because:
    'The primary keeps the WAL that a slot has not used yet, and nobody uses it any more: up to max_slot_wal_keep_size where that is set, otherwise until the disk is full and the server stops.',
  instead: '`SELECT pg_drop_replication_slot(…)` on the primary for each standby that is gone.',
  examineChange({ before, after }) {
    const isFollowed = before.settings.values.replicationSecret !== undefined;
    if (!isFollowed || after.replicas === 0 || after.replicas >= before.replicas) return noObservations;
    const slots = slotsOf(before, after.replicas);
    const named = slots.slice(0, shownSlots).map((slot) => `pg_drop_replication_slot('${printable(slot)}')`);
    return [
      {
        field: 'spec.replicas',
        message: `replicas goes from ${before.replicas} to ${after.replicas}, and slots stay behind; wanted them dropped, since they keep WAL. On the primary: SELECT ${named.join(', ')}${slots.length > shownSlots ? ' …' : ''}.`,
      },
    ];
  },
};

function slotsOf({ name, object, replicas }: PostgresWorkload, left: number): readonly string[] {
  const start = numberAt(objectAt(objectAt(object, 'spec'), 'ordinals'), 'start') ?? 0;
  return Array.from({ length: Math.min(replicas - left, shownSlots + 1) }, (_, index) =>
    `pgusher_${name}-${start + left + index}`.toLowerCase().replace(/[^a-z0-9]/g, '_'),
  );
}
