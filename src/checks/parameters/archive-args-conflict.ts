import { fileParameters } from '../../workload/configuration-file.ts';
import type { ServerParameter } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField, parameterField } from '../field-path.ts';
import { printable, quoted } from '../shown-text.ts';
import { isOff } from './unsafe-parameter.ts';

/**
 * Fields: archive_*, restore_command, recovery_*, primary_conninfo and primary_slot_name in command and args, and in a postgresql.conf of a ConfigMap beside the set.
 * Allowed: none of them, archive_mode off, or an empty value. Values may hold passwords, so no message shows one.
 */
export const archiveArgsConflict: Check = {
  id: 'archive-args-conflict',
  severity: 'deny',
  summary: 'Archiving, recovery or replication is set by hand.',
  because:
    'These settings are written by the restore; an argument wins over them. A recovery then reads another archive, stops at an old target or ends too early, with rows missing; two archivers may each keep half of the WAL.',
  instead: 'None of them: the annotations restore-from, restore-target-* and primary say the same.',
  examine(workload, { facts }) {
    const { server } = workload;
    if (server === undefined) return noObservations;
    const inFile = [...fileParameters(workload, facts).values()].filter(isConflicting);
    if (server.parameters.size === 0 && inFile.length === 0) return noObservations;
    return [
      ...[...server.parameters.values()].filter(isConflicting).map((parameter) => ({
        field: parameterField(server, parameter),
        message: `${printable(parameter.name)} is set; wanted it left to pgusher. Remove it${replacement(parameter.name)}.`,
      })),
      ...inFile.map(({ name, file }) => ({
        field: containerField(server.name, 'volumeMounts'),
        message: `${printable(name)} is set in ${quoted(file.key)} of ConfigMap ${quoted(file.configMap)}; wanted it left to pgusher. Remove it there${replacement(name)}.`,
      })),
    ];
  },
};

const ours =
  /^(?:archive_(?:mode|command|library|cleanup_command)|restore_command|recovery_\w+|primary_conninfo|primary_slot_name)$/;

/** Recovery settings about the pace of a standby, which leave alone where it reads and stops. */
const harmless: ReadonlySet<string> = new Set([
  'recovery_min_apply_delay',
  'recovery_prefetch',
  'recovery_init_sync_method',
]);

function isConflicting({ name, value }: Pick<ServerParameter, 'name' | 'value'>): boolean {
  if (!ours.test(name) || harmless.has(name) || value.trim() === '') return false;
  return name !== 'archive_mode' || !isOff(value);
}

function replacement(name: string): string {
  if (name.startsWith('recovery_target')) return ', and write postgres.io/restore-target-*';
  if (name === 'primary_conninfo') return ', and write postgres.io/primary and postgres.io/replication-secret';
  return '';
}
