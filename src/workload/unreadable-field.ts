import { isList, isObject, textAt } from './json.ts';
import type { Json, JsonObject } from './json.ts';

/** A field that holds another type than the Kubernetes API gives it, so that what it means cannot be told. */
export interface UnreadableField {
  /** By names: `spec.template.spec.containers[postgres].env`. */
  readonly field: string;
  readonly seen: string;
  readonly wanted: string;
}

/**
 * The fields on the way to the Postgres container, and in the containers, that hold another type than they have in
 * Kubernetes. kube-apiserver refuses such an object before it asks a webhook; a file on a laptop may be one. What cannot
 * be read cannot be added to either: writing a list where `env: "x"` stands would throw away what the user meant.
 *
 * null is read as absent, as the apiserver does, but in lists, where it would be an item without a name or a word that is lost.
 */
export function unreadableFields(object: JsonObject): readonly UnreadableField[] {
  const found: UnreadableField[] = [];
  child(found, child(found, object, 'metadata', ''), 'annotations', 'metadata');
  const spec = child(found, object, 'spec', '');
  if (spec === undefined) return found;
  scalar(found, spec, 'replicas', 'spec', 'number');
  for (const claim of named(found, spec, 'volumeClaimTemplates', 'spec')) {
    const path = `spec.volumeClaimTemplates[${nameOf(child(found, claim, 'metadata', 'spec.volumeClaimTemplates[]'))}]`;
    child(found, child(found, claim, 'spec', path), 'resources', `${path}.spec`);
  }
  const template = child(found, spec, 'template', 'spec');
  child(found, child(found, template, 'metadata', 'spec.template'), 'annotations', 'spec.template.metadata');
  const pod = child(found, template, 'spec', 'spec.template');
  if (pod !== undefined) readPod(found, pod, 'spec.template.spec');
  return found;
}

type Found = UnreadableField[];

function readPod(found: Found, pod: JsonObject, path: string): void {
  scalar(found, pod, 'terminationGracePeriodSeconds', path, 'number');
  readSecurity(found, pod, path);
  child(found, pod, 'resources', path);
  for (const volume of named(found, pod, 'volumes', path)) scalar(found, volume, 'name', `${path}.volumes[]`, 'string');
  for (const list of ['initContainers', 'containers']) {
    for (const container of named(found, pod, list, path))
      readContainer(found, container, `${path}.${list}[${nameOf(container)}]`);
  }
}

function readContainer(found: Found, container: JsonObject, path: string): void {
  for (const key of ['name', 'image', 'imagePullPolicy', 'workingDir']) scalar(found, container, key, path, 'string');
  texts(found, container, 'command', path);
  texts(found, container, 'args', path);
  for (const entry of named(found, container, 'env', path)) {
    const entryPath = `${path}.env[${nameOf(entry)}]`;
    scalar(found, entry, 'name', entryPath, 'string');
    scalar(found, entry, 'value', entryPath, 'string');
    child(found, entry, 'valueFrom', entryPath);
  }
  for (const mount of named(found, container, 'volumeMounts', path)) {
    const mountPath = `${path}.volumeMounts[${textAt(mount, 'mountPath') ?? ''}]`;
    for (const key of ['name', 'mountPath', 'subPath', 'subPathExpr']) scalar(found, mount, key, mountPath, 'string');
    scalar(found, mount, 'readOnly', mountPath, 'boolean');
  }
  named(found, container, 'envFrom', path);
  for (const port of named(found, container, 'ports', path)) {
    const portPath = `${path}.ports[${nameOf(port)}]`;
    for (const key of ['containerPort', 'hostPort']) scalar(found, port, key, portPath, 'number');
    for (const key of ['name', 'protocol']) scalar(found, port, key, portPath, 'string');
  }
  for (const key of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
    const probe = child(found, container, key, path);
    if (probe !== undefined) for (const time of probeTimes) scalar(found, probe, time, `${path}.${key}`, 'number');
  }
  child(found, container, 'resources', path);
  readSecurity(found, container, path);
  const hook = child(found, child(found, container, 'lifecycle', path), 'preStop', `${path}.lifecycle`);
  const exec = child(found, hook, 'exec', `${path}.lifecycle.preStop`);
  if (exec !== undefined) texts(found, exec, 'command', `${path}.lifecycle.preStop.exec`);
}

const probeTimes = [
  'initialDelaySeconds',
  'periodSeconds',
  'timeoutSeconds',
  'failureThreshold',
  'successThreshold',
  'terminationGracePeriodSeconds',
] as const;

/** Of the pod, or of a container. */
function readSecurity(found: Found, parent: JsonObject, path: string): void {
  const context = child(found, parent, 'securityContext', path);
  if (context === undefined) return;
  const place = `${path}.securityContext`;
  for (const key of ['runAsUser', 'runAsGroup', 'fsGroup']) scalar(found, context, key, place, 'number');
  for (const key of ['runAsNonRoot', 'readOnlyRootFilesystem', 'privileged', 'allowPrivilegeEscalation'])
    scalar(found, context, key, place, 'boolean');
}

function valueAt(parent: JsonObject, key: string): Json | undefined {
  const value = Object.hasOwn(parent, key) ? parent[key] : undefined;
  return value === null ? undefined : value;
}

function child(found: Found, parent: JsonObject | undefined, key: string, path: string): JsonObject | undefined {
  const value = parent === undefined ? undefined : valueAt(parent, key);
  if (value === undefined || isObject(value)) return value;
  found.push(unreadable(path, key, value, 'a map'));
  return undefined;
}

/** The items of a list of objects. */
function named(found: Found, parent: JsonObject, key: string, path: string): readonly JsonObject[] {
  const value = valueAt(parent, key);
  if (value === undefined) return [];
  if (!isList(value)) {
    found.push(unreadable(path, key, value, 'a list'));
    return [];
  }
  if (value.every(isObject)) return value;
  for (const [index, item] of value.entries())
    if (!isObject(item)) found.push(unreadable(path, `${key}[${index}]`, item, 'a map'));
  return value.filter(isObject);
}

function texts(found: Found, parent: JsonObject, key: string, path: string): void {
  const value = valueAt(parent, key);
  if (value === undefined) return;
  if (!isList(value)) {
    found.push(unreadable(path, key, value, 'a list of texts'));
    return;
  }
  for (const [index, item] of value.entries())
    if (typeof item !== 'string') found.push(unreadable(path, `${key}[${index}]`, item, 'text; put it in quotes'));
}

/** What the message wants of each. */
const scalars = {
  string: 'text; put it in quotes',
  number: 'a number',
  boolean: 'true or false, without quotes',
} as const;

function scalar(found: Found, parent: JsonObject, key: string, path: string, type: keyof typeof scalars): void {
  const value = valueAt(parent, key);
  if (value === undefined || typeof value === type || (type === 'number' && JSON.isRawJSON(value))) return;
  found.push(unreadable(path, key, value, scalars[type]));
}

function nameOf(item: JsonObject | undefined): string {
  return textAt(item, 'name') ?? '';
}

function unreadable(path: string, key: string, value: Json, wanted: string): UnreadableField {
  return { field: path === '' ? key : `${path}.${key}`, seen: kindOf(value), wanted };
}

function kindOf(value: Json): string {
  if (value === null) return 'null';
  if (isList(value)) return 'a list';
  if (isObject(value)) return 'a map';
  if (typeof value === 'string') return 'text';
  return typeof value === 'boolean' ? String(value) : 'a number';
}
