import { networksOf } from '../../workload/network-syntax.ts';
import { isWithin, normalisePath } from '../../workload/absolute-path.ts';
import { coveringMount } from '../../workload/mount.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { parameterField } from '../field-path.ts';
import { listed, quoted } from '../shown-text.ts';

/**
 * Fields: hba_file in command and args of the Postgres container, postgres.io/replication-secret.
 * Allowed: a file on the volume of the data, where the agent can write; any file without standbys. `-D` and data_directory
 * are read as PGDATA is (`pgdata-unknown`).
 */
export const dataDirectoryArg: Check = {
  id: 'data-directory-arg',
  severity: 'warn',
  summary: 'The rules of who may log in are kept where the agent cannot add the standbys.',
  because:
    'The agent keeps one line for the replication role in that file. Where it can neither see nor write it, standbys are refused until somebody adds the line.',
  instead: 'No hba_file; or the line for the replication role in yours.',
  examine({ server, settings }) {
    const parameter = server?.parameters.get('hba_file');
    if (server === undefined || parameter === undefined || settings.values.replicationSecret === undefined)
      return noObservations;
    // A relative path is taken from PGDATA.
    const path = normalisePath(
      parameter.value.startsWith('/') ? parameter.value : `${server.data.path}/${parameter.value}`,
    );
    const mount = coveringMount(server.mounts, path);
    const isWritable =
      isWithin(path, server.data.path) || (mount !== undefined && mount.name === server.data.mount?.name);
    if (isWritable && mount?.readOnly !== true) return noObservations;
    return [
      {
        field: parameterField(server, parameter),
        message: `hba_file is ${quoted(path)}, which the agent cannot write; wanted it in PGDATA. Remove it, or add ${replicationLines(settings.values.replicationNetwork)} to it.`,
      },
    ];
  },
};

function replicationLines(networks: string): string {
  return listed(networksOf(networks).map((network) => `"host replication <user> ${network} scram-sha-256"`));
}
