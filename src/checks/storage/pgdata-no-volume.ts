import { objectAt, objectsAt, textAt } from '../../workload/json.ts';
import { nearestName } from '../../workload/nearest-name.ts';
import type { Mount, PostgresWorkload, ServerContainer } from '../../workload/postgres-workload.ts';
import { isWithin, normalisePath } from '../../workload/absolute-path.ts';
import { newestMajor } from '../../workload/newest-major.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation, Surroundings } from '../check.ts';
import { claimTemplateSnippet } from '../claims/claim-template-snippet.ts';
import { dataDirectoryField, mountField } from '../field-path.ts';
import { isHidden } from './hidden-pgdata.ts';
import { mountAtOldPath } from './pg18-old-mount.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: volumeMounts of the Postgres container, spec.template.spec.volumes, spec.volumeClaimTemplates.
 * Allowed: a mount that covers PGDATA and is backed by something that outlives the pod.
 */
export const pgdataNoVolume: Check = {
  id: 'pgdata-no-volume',
  severity: 'deny',
  summary: 'No volume lies under PGDATA.',
  because:
    'The data lives in the container layer, or in an anonymous volume that the image declares: it is gone when the container is created anew, which a node restart is enough for.',
  instead: 'A claim template, mounted where PGDATA is.',
  paste: claimTemplateSnippet,
  examine(workload, surroundings) {
    const { server } = workload;
    if (server === undefined) return noObservations;
    const { mount } = server.data;
    if (mount === undefined) return nothingMounted(workload, server, surroundings);
    switch (mount.source.kind) {
      case 'undefined':
        return [
          {
            field: mountField(server, mount),
            message: `PGDATA ${quoted(server.data.path)} is on a mount of ${quoted(mount.name)}, which names no volume and no claim template; wanted a claim. ${orMeant(mount, workload)}`,
          },
        ];
      case 'configMap':
      case 'secret':
      case 'projected':
      case 'downwardAPI':
        return [
          {
            field: mountField(server, mount),
            message: `PGDATA ${quoted(server.data.path)} is on ${mount.source.kind} volume ${quoted(mount.name)}, which no server can write to; wanted a claim. Mount a claim template at ${quoted(mount.mountPath)}.`,
          },
        ];
      default:
        return noObservations;
    }
  },
};

function orMeant({ name }: Mount, { object }: PostgresWorkload): string {
  const templates = objectsAt(objectAt(object, 'spec'), 'volumeClaimTemplates');
  const names = templates.map((template) => textAt(objectAt(template, 'metadata'), 'name') ?? '');
  const meant = nearestName(name, names);
  return meant === undefined
    ? `Add ${quoted(name)} to spec.volumeClaimTemplates.`
    : `Did you mean claim template ${quoted(meant)}? Else add ${quoted(name)} to spec.volumeClaimTemplates.`;
}

/** Silent where another check names the cause better. */
function nothingMounted(
  workload: PostgresWorkload,
  server: ServerContainer,
  surroundings: Surroundings,
): readonly Observation[] {
  if (mountAtOldPath(server) !== undefined || isOutsideMounts(server) || isGuessed(server) || isOfNewerMajor(server))
    return noObservations;
  const mayBeElsewhere = isUnresolved(server.data.path) || isHidden(workload, surroundings);
  if (mayBeElsewhere && claimMounts(server).length > 0) return noObservations;
  return [{ field: dataDirectoryField(server), message: nothingUnder(server) }];
}

function nothingUnder(server: ServerContainer): string {
  const { path, from } = server.data;
  // Up to 17 and from 18 on the same image has it elsewhere, and a mount that is right for one is wrong for the other.
  const isOfAnyMajor = from === 'image-family' && server.major === undefined && server.family.id !== 'unknown';
  const seen = `no volume is mounted ${isOfAnyMajor ? 'where the image has PGDATA' : `at PGDATA ${quoted(path)}`}`;
  const [claim, ...others] = claimMounts(server).filter(({ mountPath }) => !otherUse.test(mountPath));
  if (claim !== undefined && others.length === 0) {
    const { name, mountPath } = claim;
    return `${seen}, and ${quoted(name)} is at ${quoted(mountPath)}; wanted PGDATA on it. Set PGDATA to ${quoted(`${mountPath === '/' ? '' : mountPath}/pgdata`)}.`;
  }
  const place = quoted(placeOfMount(server));
  return isOfAnyMajor
    ? `${seen}; wanted a claim. Add a claim template, mount it at ${place}, and set PGDATA to ${quoted(`${placeOfMount(server)}/pgdata`)}.`
    : `${seen}; wanted a claim. Add a claim template and mount it at ${place}.`;
}

/** A claim that is there for something else than the data. */
const otherUse = /backup|archive|wal|initdb/i;

/** Where the image has its volume, which PGDATA is a folder of; else at PGDATA itself. */
function placeOfMount({ data, family, major }: ServerContainer): string {
  return family.volumes(major).find((volume) => isWithin(data.path, volume)) ?? data.path;
}

/** What the image has is not known, and a claim is there that PGDATA may well be on (check `pgdata-unknown`). */
export function isGuessed(server: ServerContainer): boolean {
  const { data, family } = server;
  if (data.mount !== undefined || data.from !== 'image-family' || claimMounts(server).length === 0) return false;
  // An own build may set PGDATA as it may set its command.
  return family.startArguments === undefined || isReferred(server);
}

/** The image does not say its major, and a claim is where a newer one has PGDATA: which it is, is asked by `image-latest` and `image-unknown`. */
function isOfNewerMajor({ data, family, major, mounts }: ServerContainer): boolean {
  if (data.from !== 'image-family' || major !== undefined) return false;
  // Nothing is mounted at the path of the others, so that an image that has all in one place has none of these.
  const folders = Array.from({ length: newestMajor - firstVersionedMajor + 1 }, (_, index) =>
    normalisePath(family.dataDirectory(firstVersionedMajor + index)),
  );
  return claimMounts({ mounts }).some(({ mountPath }) => folders.some((folder) => isWithin(folder, mountPath)));
}

/** From here on the path of an image's data has the version in it (docker-library/postgres#1259). */
const firstVersionedMajor = 18;

/** PGDATA by valueFrom. What the image has by default stands in `data.path` then, unless an annotation or `-D` says more. */
function isReferred({ environment }: ServerContainer): boolean {
  const own = environment.get('PGDATA');
  return own !== undefined && own.kind !== 'value';
}

/** Somebody put PGDATA where none of the claims is (check `pgdata-outside-mount`). */
export function isOutsideMounts(server: ServerContainer): boolean {
  const { mount, from, path } = server.data;
  return mount === undefined && from !== 'image-family' && !isUnresolved(path) && claimMounts(server).length > 0;
}

/** Of what the kubelet will put in the place of a reference nothing is known here (check `pgdata-unknown`). */
export function isUnresolved(path: string): boolean {
  return path.includes('$(');
}

/** Mounts of the server that are backed by claims. */
export function claimMounts(server: Pick<ServerContainer, 'mounts'>): readonly Mount[] {
  return server.mounts.filter(({ source }) => source.kind === 'claim-template' || source.kind === 'claim');
}
