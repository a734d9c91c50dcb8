import { backupTemplate } from '../../workload/backup-template.ts';
import { isObject, objectAt, objectsAt, textAt, textsAt } from '../../workload/json.ts';
import type { Json, JsonObject } from '../../workload/json.ts';
import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { claimTemplateField, containerField, mountField, volumeField } from '../field-path.ts';
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
    // Plain loops into one list: most names are nobody's concern, and this is asked for each request.
    const found: Observation[] = [];
    addReserved(objectsAt(podSpec, 'containers'), (name) => containerField(name, 'name'), found);
    addReserved(objectsAt(podSpec, 'initContainers'), (name) => containerField(name, 'name', 'initContainers'), found);
    addReserved(objectsAt(podSpec, 'volumes'), (name) => `${volumeField(name)}.name`, found);
    addTemplates(objectsAt(objectAt(object, 'spec'), 'volumeClaimTemplates'), server, found);
    if (server !== undefined) addInServer(server, found);
    return found.length === 0 ? noObservations : found;
  },
};

function isReserved(name: string): boolean {
  return name.startsWith('pgusher') && (name.length === 'pgusher'.length || name['pgusher'.length] === '-');
}

function isReservedPath(path: string): boolean {
  // Most paths do not have the word at all.
  return path.includes('pgusher') && /^\/+pgusher($|[/-])/.test(path);
}

function addReserved(entries: readonly JsonObject[], fieldOf: (name: string) => string, found: Observation[]): void {
  for (const entry of entries) {
    const name = nameOf(entry);
    if (isReserved(name)) found.push(taken(fieldOf(name), name));
  }
}

function addTemplates(
  templates: readonly JsonObject[],
  server: ServerContainer | undefined,
  found: Observation[],
): void {
  for (const template of templates) {
    const name = nameOf(objectAt(template, 'metadata'));
    if (!isReserved(name) || (name === backupTemplate && server?.data.mount?.name !== name)) continue;
    found.push(taken(`${claimTemplateField(name)}.metadata.name`, name));
  }
}

function addInServer(server: ServerContainer, found: Observation[]): void {
  const { container } = server;
  for (const variable of objectsAt(container, 'env')) {
    const name = nameOf(variable);
    if (name.startsWith('PGUSHER_'))
      found.push(taken(containerField(server.name, `env[${printable(name)}].name`), name));
  }
  for (const mount of server.mounts) {
    if (!isReservedPath(mount.mountPath)) continue;
    found.push(taken(`${mountField(server, mount)}.mountPath`, mount.mountPath));
  }
  for (const key of probes) addScript(server.name, key, container[key], found);
  addScript(server.name, 'lifecycle.preStop', objectAt(container, 'lifecycle')['preStop'], found);
}

const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'] as const;

/** Left over from an object that pgusher was cut out of by hand: without the injected volume there is no such script. */
function addScript(name: string, key: string, handler: Json | undefined, found: Observation[]): void {
  if (!isObject(handler)) return;
  const [program, script = ''] = textsAt(objectAt(handler, 'exec'), 'command');
  if (program !== 'sh' || !isReservedPath(script)) return;
  found.push({
    field: containerField(name, `${key}.exec.command`),
    message: `${quoted(script)} is a script of the injected parts; wanted a command of your own. Remove it, pgusher adds it again.`,
  });
}

function nameOf(entry: JsonObject): string {
  return textAt(entry, 'name') ?? '';
}

function taken(field: string, name: string): Observation {
  return { field, message: `${quoted(name)} is a name of the injected parts; wanted another one. Rename it.` };
}
