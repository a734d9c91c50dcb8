import { contentHash } from '../plan/content-hash.ts';
import { annotationPrefix } from '../workload/annotation-name.ts';
import { isObject, listAt, objectAt, objectsAt, textAt } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import type { PostgresWorkload } from '../workload/postgres-workload.ts';
import { pullPolicy } from '../workload/pull-policy.ts';
import {
  storedMount,
  storedQuantity,
  storedResources,
  storedSelinux,
  storedVariable,
  storedVariables,
} from '../workload/stored-form.ts';
import { bookkeeping } from './bookkeeping.ts';

/**
 * Counted up when the inputs below change their form: hashes of different forms cannot be compared, and a new version of
 * pgusher must not take its own change for one of the user's (see decide-pinning.ts).
 */
const form = '2';

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

/**
 * The same for a user's object whose Postgres container is known by name.
 *
 * As the apiserver stores it (stored-form.ts), and only what every Kubernetes stores: a file that `pgusher inject` wrote is applied where no
 * webhook is, and defaulted, rewritten and rid of the fields that the cluster has switched off afterwards.
 */
export function hashInputs(object: JsonObject, container: string | undefined): string {
  const spec = objectAt(object, 'spec');
  const pod = objectAt(objectAt(spec, 'template'), 'spec');
  const server = objectsAt(pod, 'containers').find((item) => textAt(item, 'name') === container) ?? {};
  return `${form}-${contentHash({
    settings: settingsOf(objectAt(objectAt(object, 'metadata'), 'annotations')),
    server: serverFacts(server),
    preStop: hookOf(objectAt(objectAt(server, 'lifecycle'), 'preStop')),
    probes: probes.filter((name) => isObject(server[name])),
    pod: podFacts(pod),
    claims: objectsAt(spec, 'volumeClaimTemplates').map(claimFacts),
  })}`;
}

function serverFacts(server: JsonObject): JsonObject {
  const image = textAt(server, 'image') ?? '';
  return said({
    name: server['name'],
    image,
    imagePullPolicy: textAt(server, 'imagePullPolicy') ?? pullPolicy(image),
    command: server['command'],
    args: server['args'],
    env: objectsAt(server, 'env').map(storedVariable),
    envFrom: listAt(server, 'envFrom').map(storedVariables),
    workingDir: server['workingDir'],
    volumeMounts: objectsAt(server, 'volumeMounts').map(storedMount),
    ports: objectsAt(server, 'ports').map((port) =>
      said({ name: port['name'], containerPort: port['containerPort'], protocol: textAt(port, 'protocol') ?? 'TCP' }),
    ),
    resources: storedResources(objectAt(server, 'resources')),
    securityContext: securityFacts(objectAt(server, 'securityContext')),
  });
}

const probes = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const;

/** Ours goes in front of an exec hook; of another kind nothing but that it is there is of interest. */
function hookOf(hook: JsonObject): Json {
  const kinds = Object.keys(hook).filter((kind) => isObject(hook[kind]));
  return kinds.map((kind) => (kind === 'exec' ? objectAt(hook, kind) : kind));
}

/** What Kubernetes takes where a template says nothing. */
const defaultGraceSeconds = 30;

function podFacts(pod: JsonObject): JsonObject {
  return said({
    terminationGracePeriodSeconds: pod['terminationGracePeriodSeconds'] ?? defaultGraceSeconds,
    resources: storedResources(objectAt(pod, 'resources')),
    securityContext: securityFacts(objectAt(pod, 'securityContext')),
  });
}

/** What the render asks: the rest is the container's own affair, and some of it no older Kubernetes stores. */
function securityFacts(context: JsonObject): JsonObject {
  return said({
    runAsUser: context['runAsUser'],
    runAsGroup: context['runAsGroup'],
    runAsNonRoot: context['runAsNonRoot'],
    seLinuxOptions: storedSelinux(context),
  });
}

/** Claim templates cannot be edited; the storage is here for a set that is deleted and made anew around its pods. */
function claimFacts(claim: JsonObject): JsonObject {
  const spec = objectAt(claim, 'spec');
  return said({
    name: objectAt(claim, 'metadata')['name'],
    accessModes: spec['accessModes'],
    storageClassName: spec['storageClassName'],
    storage: storedQuantity(objectAt(objectAt(spec, 'resources'), 'requests')['storage'], 'milli'),
  });
}

/** Without what says nothing: an empty list or object says what an absent one says; the apiserver drops some of them when it stores. */
function said(facts: JsonObject): JsonObject {
  const selected: Record<string, Json> = {};
  for (const [key, value] of Object.entries(facts)) {
    if (value === undefined || value === null || value === '') continue;
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
