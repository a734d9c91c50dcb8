import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { parameterField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: idle_replication_slot_timeout (from PostgreSQL 18 on) in command and args of the Postgres container and in
 * postgres.io/parameters, of a set with standbys.
 * Allowed: 0, which is the default. A slot that is lost by it stays lost (PostgreSQL manual, "Replication", wal_status), also where the WAL
 * is still there; the agent makes its own anew, with a base backup.
 */
export const idleSlotTimeout: Check = {
  id: 'idle-slot-timeout',
  severity: 'warn',
  summary: 'The primary gives up the slots of standbys that are away for a while.',
  because:
    'A standby that was away for longer (a drained node, a claim that hangs) never follows again: "can no longer access replication slot". It answers reads, older by the day, and is no standby when it is needed.',
  instead: 'None: max_slot_wal_keep_size, which pgusher sets, bounds the WAL that a slot keeps.',
  examine({ server, replicas, settings }) {
    const parameter = server?.parameters.get('idle_replication_slot_timeout');
    const hasStandbys = replicas > 1 || settings.values.role === 'standby' || settings.values.role === 'primary';
    if (server === undefined || parameter === undefined || !hasStandbys) return noObservations;
    // Older ones do not know it (parameter-unknown).
    if (server.major !== undefined && server.major < 18) return noObservations;
    if (/^\s*[+-]?0+\s*([a-z]+\s*)?$/i.test(parameter.value)) return noObservations;
    return [
      {
        field: parameterField(server, parameter),
        message: `idle_replication_slot_timeout is ${quoted(parameter.value)}; wanted 0, the default: a standby away longer never follows again. Remove it.`,
      },
    ];
  },
};
