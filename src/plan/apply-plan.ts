import { isObject, listAt, objectAt, textAt, textsAt } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import { appendNamed, claimTemplateKey, mountPathKey, nameKey, portKey } from './named-list.ts';
import type { Plan, ReplacedEnv, ServerChange } from './plan.ts';

/**
 * The StatefulSet with the plan in it. A new object along the touched paths only: everything else is the same reference,
 * which is what makes comparing and patching cost what was changed. Applying a plan twice gives what applying it once gives.
 *
 * Throws NameTakenError where the object has something else under a name of ours, and ServerNotFoundError where the
 * plan's container is not in it. Both are refused by checks before, so here they are faults of ours.
 */
export function applyPlan(object: JsonObject, plan: Plan): JsonObject {
  const spec = objectAt(object, 'spec');
  const template = objectAt(spec, 'template');
  const pod = objectAt(template, 'spec');

  const newPod = applyToPod(pod, plan);
  let newSpec = newPod === pod ? spec : { ...spec, template: { ...template, spec: newPod } };
  newSpec = withList(newSpec, 'volumeClaimTemplates', (list) =>
    appendNamed(list, plan.claimTemplates, claimTemplateKey, 'claim template'),
  );
  return newSpec === spec ? object : { ...object, spec: newSpec };
}

function applyToPod(pod: JsonObject, plan: Plan): JsonObject {
  // The user's own come first: Velero's restore-wait and the like must have run before a database looks at its volume.
  let result = withList(pod, 'initContainers', (list) =>
    appendNamed(list, plan.initContainers, nameKey, 'init container'),
  );
  result = withList(result, 'volumes', (list) => appendNamed(list, plan.volumes, nameKey, 'volume'));

  const { server } = plan;
  if (server !== undefined) {
    const containers = listAt(pod, 'containers');
    const index = containers.findIndex((item) => isObject(item) && textAt(item, 'name') === server.container);
    const container = containers[index];
    if (!isObject(container)) throw new ServerNotFoundError(server.container);
    const changed = applyToServer(container, server);
    if (changed !== container) result = { ...result, containers: containers.with(index, changed) };
  }

  const { graceSeconds } = plan.pod;
  if (graceSeconds === undefined || result['terminationGracePeriodSeconds'] === graceSeconds) return result;
  return { ...result, terminationGracePeriodSeconds: graceSeconds };
}

function applyToServer(container: JsonObject, change: ServerChange): JsonObject {
  let result = withList(container, 'args', (list) => appendArgs(list, change.args, listAt(container, 'command')));
  result = withList(result, 'ports', (list) => appendNamed(list, change.ports, portKey, 'port'));
  result = withList(result, 'env', (list) =>
    appendNamed(replaceEnv(list, change.replacedEnv), change.env, nameKey, 'environment variable'),
  );
  result = withList(result, 'volumeMounts', (list) =>
    appendNamed(list, change.volumeMounts, mountPathKey, 'mount path'),
  );
  result = withProbe(result, 'startupProbe', change.startupProbe);
  result = withProbe(result, 'readinessProbe', change.readinessProbe);
  return change.preStop === undefined ? result : withPreStop(result, change.preStop);
}

/** `list` is the same reference where nothing is added, and the parent then stays as it is. */
function withList(parent: JsonObject, key: string, change: (list: readonly Json[]) => readonly Json[]): JsonObject {
  const list = listAt(parent, key);
  const changed = change(list);
  return changed === list ? parent : { ...parent, [key]: changed };
}

/**
 * Kubernetes replaces the image's CMD as soon as there are args, so the program must then be named: the official
 * entrypoint takes `postgres` as its first argument (Kubernetes: "Define a Command and Arguments for a Container").
 */
function appendArgs(list: readonly Json[], ours: readonly string[], command: readonly Json[]): readonly Json[] {
  if (ours.length === 0 || endsWith(list, ours)) return list;
  if (list.length === 0 && command.length === 0) return ['postgres', ...ours];
  return [...list, ...ours];
}

export function endsWith(list: readonly Json[], tail: readonly string[]): boolean {
  const start = list.length - tail.length;
  return start >= 0 && tail.every((item, index) => list[start + index] === item);
}

function replaceEnv(list: readonly Json[], replaced: readonly ReplacedEnv[]): readonly Json[] {
  let result = list;
  for (const { name, value, was } of replaced) {
    const index = result.findIndex(
      (item) => isObject(item) && textAt(item, 'name') === name && textAt(item, 'value') === was,
    );
    const item = result[index];
    if (isObject(item) && value !== was) result = result.with(index, { ...item, value });
  }
  return result;
}

function withProbe(
  container: JsonObject,
  key: 'startupProbe' | 'readinessProbe',
  probe: JsonObject | undefined,
): JsonObject {
  if (probe === undefined || container[key] === probe) return container;
  return { ...container, [key]: probe };
}

/** Our hook in front of the user's own exec hook; other kinds of hook are a finding and never come here. */
function withPreStop(container: JsonObject, ours: readonly string[]): JsonObject {
  const lifecycle = objectAt(container, 'lifecycle');
  const preStop = objectAt(lifecycle, 'preStop');
  const exec = objectAt(preStop, 'exec');
  const users = textsAt(exec, 'command');
  if (startsWith(users, ours)) return container;
  const command = users.length === 0 ? ours : [...ours, '--', ...users];
  return { ...container, lifecycle: { ...lifecycle, preStop: { ...preStop, exec: { ...exec, command } } } };
}

/** A hook's command that has ours in front, alone or before the user's. */
export function startsWith(list: readonly string[], head: readonly string[]): boolean {
  return (
    head.every((item, index) => list[index] === item) && (list.length === head.length || list[head.length] === '--')
  );
}

export class ServerNotFoundError extends Error {
  override readonly name = 'ServerNotFoundError';

  constructor(container: string) {
    super(`the plan changes container ${container}, which is not in the pod template`);
  }
}
