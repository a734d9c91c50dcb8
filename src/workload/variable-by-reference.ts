import type { ClusterFacts } from './cluster-facts.ts';
import { objectAt, objectsAt, textAt } from './json.ts';
import type { JsonObject } from './json.ts';
import type { PostgresWorkload, ServerContainer } from './postgres-workload.ts';

/** What is known of a variable whose value does not stand in the object. */
export type VariableByReference =
  /** `holder`: `ConfigMap "orders"`; the value of a Secret is never known. */
  | { readonly kind: 'held'; readonly holder: Holder; readonly value: string | undefined }
  | { readonly kind: 'unknown' }
  /** Everything that could hold it is known, and nothing does. */
  | { readonly kind: 'absent' };

export interface Holder {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
}

/**
 * By `valueFrom`, or by `envFrom` where `env` has nothing of the name: what stands in files beside the manifest is known, and a cluster's
 * ConfigMaps are not. An empty value counts as none.
 */
export function variableByReference(
  name: string,
  { environment, container }: Pick<ServerContainer, 'environment' | 'container'>,
  { namespace }: Pick<PostgresWorkload, 'namespace'>,
  facts: ClusterFacts,
): VariableByReference {
  const own = environment.get(name);
  if (own?.kind === 'value') return absent;
  if (own?.kind === 'secret') return unknown;
  if (own?.kind === 'other') {
    const reference = objectAt(own.valueFrom, 'configMapKeyRef');
    const held = inMap(textAt(reference, 'name'), textAt(reference, 'key') ?? '', namespace, facts);
    return held.kind === 'held' ? held : unknown;
  }
  const sources = objectsAt(container, 'envFrom');
  if (sources.length === 0) return absent;
  const found = sources.map((source) => inSource(name, source, namespace, facts));
  // The last one that has it counts; that one which is not known takes it from another is what nobody writes.
  return found.findLast(({ kind }) => kind === 'held') ?? found.find(({ kind }) => kind === 'unknown') ?? absent;
}

const unknown: VariableByReference = Object.freeze({ kind: 'unknown' });
const absent: VariableByReference = Object.freeze({ kind: 'absent' });

function inSource(name: string, source: JsonObject, namespace: string, facts: ClusterFacts): VariableByReference {
  const prefix = textAt(source, 'prefix') ?? '';
  if (!name.startsWith(prefix)) return absent;
  const key = name.slice(prefix.length);
  const map = textAt(objectAt(source, 'configMapRef'), 'name');
  if (map !== undefined) return inMap(map, key, namespace, facts);
  return inSecret(textAt(objectAt(source, 'secretRef'), 'name'), key, namespace, facts);
}

function inMap(name: string | undefined, key: string, namespace: string, facts: ClusterFacts): VariableByReference {
  const found = name === undefined ? undefined : facts.configMaps.find(namespace, name);
  if (name === undefined || found?.kind !== 'present') return unknown;
  const { data } = found.fact;
  const value = Object.hasOwn(data, key) ? data[key] : undefined;
  return value === undefined || value === '' ? absent : { kind: 'held', holder: { kind: 'ConfigMap', name }, value };
}

function inSecret(name: string | undefined, key: string, namespace: string, facts: ClusterFacts): VariableByReference {
  const found = name === undefined ? undefined : facts.secrets.find(namespace, name);
  if (name === undefined || found?.kind !== 'present' || found.fact.keys === undefined) return unknown;
  if (!found.fact.keys.includes(key)) return absent;
  return { kind: 'held', holder: { kind: 'Secret', name }, value: undefined };
}
