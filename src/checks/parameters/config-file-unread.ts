import { isWithin, normalisePath } from '../../workload/absolute-path.ts';
import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import { configurationLines, configurationPath, hbaLines } from '../../workload/configuration-file.ts';
import { programName } from '../../workload/launched-program.ts';
import { coveringMount } from '../../workload/mount.ts';
import { mountedConfigMaps, mountedFile } from '../../workload/mounted-file.ts';
import type { Mount, PostgresWorkload, ServerContainer, VolumeSource } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { containerField, parameterField } from '../field-path.ts';
import { listed, quoted } from '../shown-text.ts';

/**
 * Fields: config_file in command and args, and the mount that postgresql.conf comes by.
 * Allowed: no file of one's own, or one whose ConfigMap stands in the same files; the webhook reads no ConfigMaps. What such a file says may be
 * right, so it is told and not refused. What such a file includes is read where a ConfigMap in the same files has it, and told where not.
 */
export const configFileUnread: Check = {
  id: 'config-file-unread',
  severity: 'warn',
  summary: 'The server reads a configuration file that was not looked at.',
  because:
    'A line in it may turn fsync off, archive elsewhere or move the port: the checks of parameters see what command and args say, and nothing of the file.',
  instead: 'Parameters in args, or the ConfigMap in the files that `pgusher check` is given.',
  examine(workload, { facts }) {
    const { server } = workload;
    // In the webhook no ConfigMap is known, and nothing that it includes.
    const included = facts.configMaps.within(workload.namespace).length === 0 ? [] : unreadIncludes(workload, facts);
    if (included.length > 0) return included;
    if (server === undefined || (server.mounts.length === 0 && server.parameters.size === 0)) return noObservations;
    const parameter = server.parameters.get('config_file');
    const path = normalisePath(configurationPath(server));
    const mount = coveringMount(server.mounts, path);
    // What the image brings along is the image's word, and what is in PGDATA the server's own. Beside that on the same volume somebody has put it.
    if (mount === undefined || (mount === server.data.mount && isWithin(path, server.data.path))) return noObservations;
    if (parameter === undefined && !isFileMount(mount.source.kind)) return noObservations;
    if (mountedFile(path, server.container, workload, facts) !== undefined) return noObservations;
    return [
      {
        field:
          parameter === undefined ? containerField(server.name, 'volumeMounts') : parameterField(server, parameter),
        message: `${quoted(programName(path))} ${whereFrom(path, mount, server, workload, facts)}; wanted what it says in args. Or check it beside its ConfigMap.`,
      },
    ];
  },
};

/** What a file that is known includes, and what nobody knows. */
function unreadIncludes(workload: PostgresWorkload, facts: ClusterFacts): readonly Observation[] {
  const { server } = workload;
  if (server === undefined) return noObservations;
  const read = [configurationLines(workload, facts), hbaLines(workload, facts)];
  return read.flatMap((one) =>
    (one?.unread ?? []).map(({ directive, written, path, file }) => {
      const mount = coveringMount(server.mounts, path);
      const where =
        mount === undefined ? 'is in the image, unread here' : whereFrom(path, mount, server, workload, facts);
      return {
        field: containerField(server.name, 'volumeMounts'),
        message: `${directive} ${quoted(written)} ${where}; wanted its lines in ${quoted(file.key)} itself. Or check it beside its ConfigMap.`,
      };
    }),
  );
}

function isFileMount(kind: VolumeSource['kind']): boolean {
  return kind === 'configMap' || kind === 'secret' || kind === 'projected';
}

function whereFrom(
  path: string,
  { name, source }: Mount,
  server: ServerContainer,
  workload: PostgresWorkload,
  facts: ClusterFacts,
): string {
  const maps = mountedConfigMaps(path, server.container, workload).map((map) => map.name);
  if (maps.length === 0) return `is on ${source.kind} volume ${quoted(name)}, unread here`;
  const isAllKnown = maps.every((map) => facts.configMaps.find(workload.namespace, map).kind === 'present');
  // Of several in one folder, one that is not known may have it.
  return isAllKnown && source.kind === 'configMap'
    ? `is no key of ConfigMap ${listed(maps.map(quoted))}`
    : `is of ConfigMap ${listed(maps.map(quoted))}, unread here`;
}
