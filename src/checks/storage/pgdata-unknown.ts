import { listAt } from '../../workload/json.ts';
import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { containerField, dataDirectoryField, environmentField } from '../field-path.ts';
import { listed, quoted } from '../shown-text.ts';
import { claimMounts, isGuessed, isReferred } from './pgdata-no-volume.ts';

/**
 * Fields: PGDATA, `-D` and data_directory where they come from a ConfigMap, a Secret or a field; envFrom at the moment of
 * labelling; an image that is not known, or tells no major version, where nothing says PGDATA.
 * Allowed: a PGDATA that is written in the object, in postgres.io/data-directory or in the image. A set that is created
 * may have envFrom: PGDATA is written into env then, which wins (Kubernetes, "Define Environment Variables").
 */
export const pgdataUnknown: Check = {
  id: 'pgdata-unknown',
  severity: 'deny',
  summary: 'PGDATA is said where an admission webhook cannot read it.',
  because:
    'The lock, the boot decision and the backups would look at another directory than the server; and a database that runs already would be sent to the default one, where its data is not.',
  instead: '`postgres.io/data-directory`, or PGDATA as a literal value.',
  neverRatcheted: true,
  examine({ server }, { operation, injected }) {
    if (server === undefined || server.data.from === 'data-directory-annotation') return noObservations;
    if (isUnresolved(server.data.path)) return [unresolved(server)];
    if (server.data.from !== 'image-family') return noObservations;
    if (isReferred(server)) return [referred(server)];
    if (isGuessed(server)) return [guessed(server)];
    if (operation === 'UPDATE' && injected === undefined && server.data.ofAnyMajor) return [ofAnyMajor(server)];
    const isLabelling = operation === 'UPDATE' && injected === undefined;
    return isLabelling && !server.environment.has('PGDATA') && listAt(server.container, 'envFrom').length > 0
      ? [hiddenPerhaps(server)]
      : noObservations;
  },
};

/** Of what the kubelet will put in the place of a reference nothing is known here. */
function isUnresolved(path: string): boolean {
  return path.includes('$(');
}

function unresolved(server: ServerContainer): Observation {
  return {
    field: dataDirectoryField(server),
    message: `PGDATA is ${quoted(server.data.path)}, which only the cluster can read; wanted the path. ${remedy}`,
  };
}

function referred(server: ServerContainer): Observation {
  return {
    field: environmentField(server.name, 'PGDATA').replace(/value$/, 'valueFrom'),
    message: `PGDATA comes by valueFrom, which cannot be read here; wanted the path. ${remedy}`,
  };
}

/** `latest` moves PGDATA with the next major, so of one that runs nobody can say here where it is. */
function ofAnyMajor(server: ServerContainer): Observation {
  const { family } = server;
  return {
    field: containerField(server.name, 'image'),
    message: `the image tells no major version, and PGDATA is ${quoted(family.dataDirectory(17))} up to 17 and elsewhere from 18 on; wanted the path. ${remedy}`,
  };
}

function guessed(server: ServerContainer): Observation {
  const mounts = claimMounts(server).map(({ mountPath }) => quoted(mountPath));
  return {
    field: containerField(server.name, 'env'),
    message: `where image ${quoted(server.image?.text ?? '')} has PGDATA is not known; wanted the path, on ${listed(mounts)}. ${remedy}`,
  };
}

function hiddenPerhaps(server: ServerContainer): Observation {
  return {
    field: containerField(server.name, 'envFrom'),
    message: `envFrom may hold PGDATA, which cannot be read here; wanted the path. Write postgres.io/data-directory: what \`echo $PGDATA\` says in the container.`,
  };
}

const remedy = 'Write postgres.io/data-directory: <path>, or PGDATA as a literal value.';
