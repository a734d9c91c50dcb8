import { contentHash } from '../plan/content-hash.ts';
import { annotationPrefix } from '../workload/annotation-name.ts';
import { isObject, objectAt, objectsAt, textAt } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import type { PostgresWorkload } from '../workload/postgres-workload.ts';
import { bookkeeping } from './bookkeeping.ts';

/**
 * Counted up when the inputs below change their form: hashes of different forms cannot be compared, and a new version of
 * pgusher must not take its own change for one of the user's (see decide-pinning.ts).
 */
const form = '1';

/**
 * Hash of what the user says that the render depends on: the annotations of the StatefulSet and the Postgres container.
 *
 * What the cluster's config or the namespace's annotations say is not in it, and neither are built-in values: a change
 * there, or a watch that is not synced yet, must not restart databases at the next unrelated edit. It is taken up when
 * something is rendered for another reason. Replicas, labels, other containers and volumes are not in it either.
 */
export function inputsHash(workload: PostgresWorkload): string {
  return hashInputs(workload.object, workload.server?.name);
}

/** The same for a user's object whose Postgres container is known by name. */
export function hashInputs(object: JsonObject, container: string | undefined): string {
  const spec = objectAt(object, 'spec');
  const pod = objectAt(objectAt(spec, 'template'), 'spec');
  const server = objectsAt(pod, 'containers').find((item) => textAt(item, 'name') === container) ?? {};
  return `${form}-${contentHash({
    settings: settingsOf(objectAt(objectAt(object, 'metadata'), 'annotations')),
    server: select(server, serverFacts),
    preStop: objectAt(server, 'lifecycle')['preStop'],
    probes: probes.filter((name) => isObject(server[name])),
    pod: select(pod, podFacts),
    claims: objectsAt(spec, 'volumeClaimTemplates').map((claim) => select(claim, claimFacts)),
  })}`;
}

const serverFacts = [
  'name',
  'image',
  'imagePullPolicy',
  'command',
  'args',
  'env',
  'envFrom',
  'workingDir',
  'volumeMounts',
  'ports',
  'resources',
  'securityContext',
] as const;
const probes = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const;
const podFacts = ['securityContext', 'terminationGracePeriodSeconds'] as const;
/** Claim templates cannot be edited; the storage is here for a set that is deleted and made anew around its pods. */
const claimFacts = ['metadata', 'spec'] as const;

function select(object: JsonObject, keys: readonly string[]): JsonObject {
  const selected: Record<string, Json> = {};
  for (const key of keys) {
    const value = Object.hasOwn(object, key) ? object[key] : undefined;
    // An empty list or object says what an absent one says; the apiserver drops some of them when it stores.
    if (value === undefined || value === null) continue;
    if ((Array.isArray(value) || isObject(value)) && Object.keys(value).length === 0) continue;
    selected[key] = value;
  }
  return selected;
}

const escapePrefix = `${annotationPrefix}allow-`;

function settingsOf(annotations: JsonObject): JsonObject {
  const settings: Record<string, Json> = {};
  for (const [name, value] of Object.entries(annotations)) {
    if (!name.startsWith(annotationPrefix) || name.startsWith(escapePrefix) || value === undefined) continue;
    if (name !== bookkeeping.version && name !== bookkeeping.inputs && name !== bookkeeping.record)
      settings[name] = value;
  }
  return settings;
}

/** Whether two texts are hashes made of the same things. */
export function haveSameForm(a: string | undefined, b: string | undefined): boolean {
  const [formOfA, formOfB] = [a, b].map((text) => /^(\d+)-[0-9a-f]{16}$/.exec(text ?? '')?.[1]);
  return formOfA !== undefined && formOfA === formOfB;
}
