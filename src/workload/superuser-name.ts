import type { ClusterFacts } from './cluster-facts.ts';
import { expandReferences } from './environment.ts';
import { objectAt, objectsAt, textAt } from './json.ts';
import { environmentMaps, mountedFile, mountedSecretKey } from './mounted-file.ts';
import type { PostgresWorkload, ServerContainer } from './postgres-workload.ts';

/** Who initialisation makes the superuser: by name, by where the name is, or both. */
export interface SuperuserName {
  /** undefined: the place is known, and what is there is not. */
  readonly name: string | undefined;
  /** Key of a Secret. */
  readonly from: { readonly name: string; readonly key: string } | undefined;
}

/** As docker-entrypoint.sh of the image reads POSTGRES_USER and POSTGRES_USER_FILE; undefined: not known. */
export function superuserName(workload: PostgresWorkload, facts: ClusterFacts): SuperuserName | undefined {
  const { server } = workload;
  if (server === undefined) return undefined;
  const variable = server.environment.get('POSTGRES_USER');
  if (variable?.kind === 'value' && variable.value !== '') return named(variable.value);
  if (variable?.kind === 'secret') return fromSecret(workload, facts, variable.secret, variable.key);
  if (variable?.kind === 'other') {
    const reference = objectAt(variable.valueFrom, 'configMapKeyRef');
    const found = facts.configMaps.find(workload.namespace, textAt(reference, 'name') ?? '');
    return found.kind === 'present' ? named(found.fact.data[textAt(reference, 'key') ?? '']) : undefined;
  }
  const file = server.environment.get('POSTGRES_USER_FILE');
  if (file !== undefined) return file.kind === 'value' ? fromFile(workload, server, facts, file.value) : undefined;
  return variable === undefined ? fromWholeMaps(workload, server, facts) : byDefault(server);
}

/** A reference that only the cluster knows stays as it is written. */
function named(name: string | undefined): SuperuserName | undefined {
  return name === undefined || name === '' || name.includes('$(') ? undefined : { name, from: undefined };
}

function fromSecret({ namespace }: PostgresWorkload, facts: ClusterFacts, name: string, key: string): SuperuserName {
  const found = facts.secrets.find(namespace, name);
  return { name: found.kind === 'present' ? found.fact.userNames[key] : undefined, from: { name, key } };
}

/** `$(<file)`: line breaks at the end are no part of the name. */
function fromFile(
  workload: PostgresWorkload,
  { container, environment }: ServerContainer,
  facts: ClusterFacts,
  written: string,
): SuperuserName | undefined {
  const path = expandReferences(written, environment);
  const secret = mountedSecretKey(path, container, workload);
  if (secret !== undefined) {
    const read = fromSecret(workload, facts, secret.secret, secret.key);
    return { ...read, name: read.name?.replace(/\n+$/, '') };
  }
  return named(mountedFile(path, container, workload, facts)?.text.replace(/\n+$/, ''));
}

/** The last of `envFrom` that has it counts. One that is not known may. */
function fromWholeMaps(
  workload: PostgresWorkload,
  server: ServerContainer,
  facts: ClusterFacts,
): SuperuserName | undefined {
  const sources = objectsAt(server.container, 'envFrom');
  const maps = environmentMaps(server.container, workload, facts);
  if (maps.length < sources.length) return undefined;
  const valueOf = (name: string): string | undefined =>
    maps
      .map(({ prefix, data }) => (name.startsWith(prefix) ? data[name.slice(prefix.length)] : undefined))
      .findLast((value) => value !== undefined);
  if (valueOf('POSTGRES_USER_FILE') !== undefined) return undefined;
  return named(valueOf('POSTGRES_USER')) ?? byDefault(server);
}

/** Of images that set it in their own ENV, as Supabase's does, nobody knows here. */
function byDefault({ family }: ServerContainer): SuperuserName | undefined {
  return plainFamilies.has(family.id) ? { name: 'postgres', from: undefined } : undefined;
}

const plainFamilies: ReadonlySet<string> = new Set([
  'postgres',
  'postgres-alpine',
  'postgis',
  'postgis-alpine',
  'pgvector',
  'timescaledb',
  'immich',
  'age',
]);
