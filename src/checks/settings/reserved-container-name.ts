import { backupTemplate } from '../../workload/backup-template.ts';
import { objectAt, objectsAt, textAt, textsAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { joined, noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { claimTemplateField, containerField, mountField, volumeField } from '../field-path.ts';
import type { ContainerList } from '../field-path.ts';
import { printable, quoted } from '../shown-text.ts';

/**
 * Fields: names of containers, init containers, volumes and claim templates; env, volumeMounts, probes and preStop of the
 * Postgres container.
 * Allowed: anything but `pgusher`, `pgusher-*`, `PGUSHER_*` and paths at or below `/pgusher`; and the claim template
 * `pgusher-backup`, which stays behind when the injected parts are taken out and is used again, for backups.
 */
export const reservedContainerName: Check = {
  id: 'reserved-container-name',
  severity: 'deny',
  summary: 'A name is used that the injected parts have.',
  because:
    'One of the two would be overwritten, in silence: a backup that writes to a volume of yours, or a step that is missing.',
  instead: 'Another name. `pgusher`, `pgusher-*`, `PGUSHER_*` and `/pgusher*` are ours.',
  noEscape: 'two things of one name cannot both be in a pod.',
  neverRatcheted: true,
  examine(workload) {
    const { podSpec, object, server } = workload;
    return joined(
      reservedContainers(podSpec, 'containers'),
      reservedContainers(podSpec, 'initContainers'),
      reservedVolumes(podSpec),
      reservedTemplates(object, server),
      ...(server === undefined ? [] : [reservedVariables(server), reservedMounts(server), reservedScripts(server)]),
    );
  },
};

function isReserved(name: string): boolean {
  return name === 'pgusher' || name.startsWith('pgusher-');
}

function isReservedPath(path: string): boolean {
  // Most paths do not have the word at all.
  return path.includes('pgusher') && /^\/+pgusher($|[/-])/.test(path);
}

function reservedContainers(podSpec: JsonObject, list: ContainerList): readonly Observation[] {
  return namesWhere(objectsAt(podSpec, list), isReserved).map((name) =>
    taken(containerField(name, 'name', list), name),
  );
}

function reservedVolumes(podSpec: JsonObject): readonly Observation[] {
  return namesWhere(objectsAt(podSpec, 'volumes'), isReserved).map((name) => taken(`${volumeField(name)}.name`, name));
}

function reservedTemplates(object: JsonObject, server: ServerContainer | undefined): readonly Observation[] {
  return objectsAt(objectAt(object, 'spec'), 'volumeClaimTemplates')
    .map((template) => nameOf(objectAt(template, 'metadata')))
    .filter((name) => isReserved(name) && (name !== backupTemplate || server?.data.mount?.name === name))
    .map((name) => taken(`${claimTemplateField(name)}.metadata.name`, name));
}

function reservedVariables(server: ServerContainer): readonly Observation[] {
  return namesWhere(objectsAt(server.container, 'env'), (name) => name.startsWith('PGUSHER_')).map((name) =>
    taken(containerField(server.name, `env[${printable(name)}].name`), name),
  );
}

function reservedMounts(server: ServerContainer): readonly Observation[] {
  return server.mounts
    .filter(({ mountPath }) => isReservedPath(mountPath))
    .map((mount) => taken(`${mountField(server, mount)}.mountPath`, mount.mountPath));
}

/** Left over from an object that pgusher was cut out of by hand: without the injected volume there is no such script. */
function reservedScripts({ name, container }: ServerContainer): readonly Observation[] {
  return joined(
    ...probes.map((key) => reservedScript(name, key, objectAt(container, key))),
    reservedScript(name, 'lifecycle.preStop', objectAt(objectAt(container, 'lifecycle'), 'preStop')),
  );
}

const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'] as const;

function reservedScript(name: string, key: string, handler: JsonObject): readonly Observation[] {
  const [program, script = ''] = textsAt(objectAt(handler, 'exec'), 'command');
  if (program !== 'sh' || !isReservedPath(script)) return noObservations;
  return [
    {
      field: containerField(name, `${key}.exec.command`),
      message: `${quoted(script)} is a script of the injected parts; wanted a command of your own. Remove it, pgusher adds it again.`,
    },
  ];
}

/** Most are nobody's concern, and this is asked for each request. */
function namesWhere(entries: readonly JsonObject[], isWanted: (name: string) => boolean): readonly string[] {
  return entries.filter((entry) => isWanted(nameOf(entry))).map(nameOf);
}

function nameOf(entry: JsonObject): string {
  return textAt(entry, 'name') ?? '';
}

function taken(field: string, name: string): Observation {
  return { field, message: `${quoted(name)} is a name of the injected parts; wanted another one. Rename it.` };
}
