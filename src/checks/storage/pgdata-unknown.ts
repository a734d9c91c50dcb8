import { dataDirectoryChange } from '../../injections/data-directory.ts';
import { normalisePath } from '../../workload/absolute-path.ts';
import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import type { PostgresWorkload, ServerContainer } from '../../workload/postgres-workload.ts';
import { variableByReference } from '../../workload/variable-by-reference.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation, Surroundings } from '../check.ts';
import { containerField, dataDirectoryField, environmentField } from '../field-path.ts';
import { imageText } from '../image/image-unknown.ts';
import { listed, printable, quoted } from '../shown-text.ts';
import { hasOtherClaim, hiddenPgdata } from './hidden-pgdata.ts';
import type { HiddenPgdata } from './hidden-pgdata.ts';
import { mountAtOldPath } from './pg18-old-mount.ts';
import { claimMounts, isGuessed, isUnresolved } from './pgdata-no-volume.ts';

/**
 * Fields: PGDATA, `-D` and data_directory where they come from a ConfigMap, a Secret or a field; envFrom at the moment of
 * labelling, and where the image's own PGDATA is not on the volume; an image that is not known, or tells no major version, where nothing
 * says PGDATA.
 * Allowed: a PGDATA that is written in the object, in postgres.io/data-directory or in the image. A set that is created
 * with a mount that is right for the image may have envFrom: PGDATA is written into env then, which wins (Kubernetes, "Define
 * Environment Variables"). In files, a ConfigMap that agrees with that.
 */
export const pgdataUnknown: Check = {
  id: 'pgdata-unknown',
  severity: 'deny',
  summary: 'PGDATA is said where an admission webhook cannot read it.',
  because:
    'The lock, the boot decision and the backups would look at another directory than the server; and a database that runs already would be sent to the default one, where its data is not.',
  instead: '`postgres.io/data-directory`, or PGDATA as a literal value.',
  neverRatcheted: true,
  examine(workload, surroundings) {
    const { server } = workload;
    const { operation, injected, facts } = surroundings;
    if (server === undefined || server.data.from === 'data-directory-annotation') return noObservations;
    if (isUnresolved(server.data.path)) return [unresolved(server, workload, facts)];
    if (server.data.from !== 'image-family') return noObservations;
    const hidden = hiddenPgdata(workload, surroundings);
    if (hidden?.isCertain === true) return [referred(server, hidden)];
    if (isGuessed(server)) return [guessed(server)];
    if (operation === 'UPDATE' && injected === undefined && server.data.ofAnyMajor) return [ofAnyMajor(server)];
    return hidden === undefined ? noObservations : hiddenPerhaps(server, surroundings);
  },
};

function unresolved(server: ServerContainer, workload: PostgresWorkload, facts: ClusterFacts): Observation {
  const { path } = server.data;
  // The value of another variable is put in as it is.
  const known = path.replace(/\$\(([^)]*)\)/g, (written, name: string) => {
    const found = variableByReference(name, server, workload, facts);
    return found.kind === 'held' && found.value !== undefined ? found.value : written;
  });
  return {
    field: dataDirectoryField(server),
    message: `PGDATA is ${quoted(path)}, which only the cluster can read; wanted the path. ${remedy(isUnresolved(known) ? undefined : normalisePath(known))}`,
  };
}

function referred(server: ServerContainer, { by, holder, path }: HiddenPgdata): Observation {
  const source = holder === undefined ? by : `${holder.kind} ${quoted(holder.name)}`;
  return {
    field:
      by === 'envFrom'
        ? containerField(server.name, by)
        : environmentField(server.name, 'PGDATA').replace(/value$/, by),
    message:
      holder === undefined
        ? `PGDATA comes by ${source}, which cannot be read here; wanted the path. ${remedy(path)}`
        : `PGDATA comes from ${source}, which the webhook does not read; wanted the path in the object. ${remedy(path)}`,
  };
}

/** `latest` moves PGDATA with the next major, so of one that runs nobody can say here where it is. */
function ofAnyMajor(server: ServerContainer): Observation {
  const { family } = server;
  return {
    field: containerField(server.name, 'image'),
    message: `the image tells no major version, and PGDATA is ${quoted(family.dataDirectory(17))} up to 17 and elsewhere from 18 on; wanted the path. ${remedy(undefined)}`,
  };
}

function guessed(server: ServerContainer): Observation {
  const mounts = claimMounts(server).map(({ mountPath }) => quoted(mountPath));
  return {
    field: containerField(server.name, 'env'),
    message: `where image ${quoted(imageText(server))} has PGDATA is not known; wanted the path, on ${listed(mounts)}. ${remedy(undefined)}`,
  };
}

/** The default is right often enough not to ask everybody; with it, what runs would be sent elsewhere or what is new refused. */
function hiddenPerhaps(server: ServerContainer, { operation, injected }: Surroundings): readonly Observation[] {
  const field = containerField(server.name, 'envFrom');
  if (operation === 'UPDATE' || isWrongByDefault(server)) {
    return [
      {
        field,
        message: `envFrom may hold PGDATA, which cannot be read here; wanted the path. Write postgres.io/data-directory: what \`echo $PGDATA\` says in the container.`,
      },
    ];
  }
  const { path } = dataDirectoryChange(server, operation, injected);
  if (path === server.data.path) return noObservations;
  return [
    {
      field,
      severity: 'warn',
      message: `PGDATA becomes ${quoted(path)}, over one that envFrom may hold; wanted the path. If it holds one, write postgres.io/data-directory: <path>.`,
    },
  ];
}

/** Where the image has PGDATA there is no volume of the pod's, or none that outlives it, and one is elsewhere. */
function isWrongByDefault(server: ServerContainer): boolean {
  const { mount, shadowedByImageVolume } = server.data;
  if (mount !== undefined) {
    const isNoPlace = mount.readOnly || ['emptyDir', 'hostPath', 'ephemeral'].includes(mount.source.kind);
    return shadowedByImageVolume || (isNoPlace && hasOtherClaim(server));
  }
  return claimMounts(server).length > 0 || mountAtOldPath(server) !== undefined;
}

function remedy(path: string | undefined): string {
  return `Write postgres.io/data-directory: ${path === undefined ? '<path>' : printable(path)}, or PGDATA as a literal value.`;
}
