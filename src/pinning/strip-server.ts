import { endsWith } from '../plan/apply-plan.ts';
import { mountPathKey, nameKey } from '../plan/named-list.ts';
import type { ReplacedEnv, ServerChange } from '../plan/plan.ts';
import { sameJson } from '../plan/same-json.ts';
import { isObject, listAt, objectAt, objectsAt, textAt, textsAt } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import { handlersOf } from './injection-record.ts';
import type { InjectedRevision } from './injection-record.ts';
import { isOurName, putBack, runsOurScript, takeOut, without } from './take-out.ts';

interface StrippedPod {
  readonly pod: JsonObject;
  readonly change: ServerChange | undefined;
}

/** Takes our changes out of the Postgres container of a pod spec, and says what they were. */
export function stripServer(pod: JsonObject, revision: InjectedRevision | undefined, stored?: JsonObject): StrippedPod {
  const containers = listAt(pod, 'containers');
  const index = serverIndex(containers, revision?.container);
  const container = containers[index];
  const name = isObject(container) ? nameKey(container) : undefined;
  if (!isObject(container) || name === undefined) return { pod, change: undefined };

  const mounts = takeOut(container, 'volumeMounts', isOurMount, revision);
  const env = stripEnv(mounts.rest, revision, storedEnv(stored, name));
  const args = stripArgs(env.container, revision);
  const ports = takeOut(
    args.container,
    'ports',
    (item) => (revision?.ports ?? []).some((port) => sameJson(item, port)),
    revision,
  );
  const startup = stripProbe(ports.rest, 'startupProbe', revision);
  const readiness = stripProbe(startup.container, 'readinessProbe', revision);
  const hook = stripPreStop(readiness.container, revision);

  const change: ServerChange = {
    container: name,
    env: env.added,
    replacedEnv: env.replaced,
    volumeMounts: mounts.ours,
    args: args.ours,
    ports: ports.ours,
    startupProbe: startup.probe,
    readinessProbe: readiness.probe,
    preStop: hook.command,
  };
  return {
    pod: hook.container === container ? pod : { ...pod, containers: containers.with(index, hook.container) },
    change,
  };
}

/** By the recorded name; where it was renamed by hand, by our mount in it. */
function serverIndex(containers: readonly Json[], recorded: string | undefined): number {
  const named = containers.findIndex((item) => isObject(item) && recorded !== undefined && nameKey(item) === recorded);
  if (named >= 0) return named;
  return containers.findIndex((item) => isObject(item) && objectsAt(item, 'volumeMounts').some(isOurMount));
}

function isOurMount(mount: JsonObject): boolean {
  return isOurName(nameKey(mount)) && mountPathKey(mount) !== undefined;
}

function storedEnv(stored: JsonObject | undefined, name: string): readonly JsonObject[] {
  if (stored === undefined) return [];
  const pod = objectAt(objectAt(objectAt(stored, 'spec'), 'template'), 'spec');
  return objectsAt(
    objectsAt(pod, 'containers').find((item) => nameKey(item) === name),
    'env',
  );
}

interface StrippedEnv {
  readonly container: JsonObject;
  readonly added: readonly JsonObject[];
  readonly replaced: readonly ReplacedEnv[];
}

/** `theirs`: the user's variables in the stored object. One of ours that is theirs now, as PGDATA is when the label went, stays theirs. */
function stripEnv(
  container: JsonObject,
  revision: InjectedRevision | undefined,
  theirs: readonly JsonObject[],
): StrippedEnv {
  const isTheirs = (item: JsonObject): boolean => theirs.some((other) => sameJson(other, item));
  const recorded = (revision?.env ?? []).filter((added) => !isTheirs(added));
  const { rest, ours } = takeOut(container, 'env', (item) => recorded.some((added) => sameJson(item, added)), revision);
  let list = listAt(rest, 'env');
  const replaced: ReplacedEnv[] = [];
  for (const replacement of revision?.replacedEnv ?? []) {
    const index = list.findIndex(
      (item) => isObject(item) && nameKey(item) === replacement.name && textAt(item, 'value') === replacement.value,
    );
    const item = list[index];
    if (!isObject(item) || isTheirs(item)) continue;
    list = list.with(index, { ...item, value: replacement.was });
    replaced.push(replacement);
  }
  return { container: replaced.length === 0 ? rest : { ...rest, env: list }, added: ours, replaced };
}

function stripArgs(
  container: JsonObject,
  revision: InjectedRevision | undefined,
): { container: JsonObject; ours: readonly string[] } {
  const ours = revision?.args ?? [];
  if (ours.length === 0) return { container, ours };
  const list = listAt(container, 'args');
  const left =
    (revision?.program === true ? withoutRun(list, ['postgres', ...ours]) : undefined) ?? withoutRun(list, ours);
  if (left === undefined) return { container, ours: [] };
  return { container: putBack(container, 'args', left, 'args', revision), ours };
}

/** `list` without its last run of `items`; undefined where there is none. */
function withoutRun(list: readonly Json[], items: readonly string[]): readonly Json[] | undefined {
  for (let end = list.length; end >= items.length; end -= 1) {
    if (endsWith(list.slice(0, end), items)) return list.toSpliced(end - items.length, items.length);
  }
  return undefined;
}

type ProbeName = 'startupProbe' | 'readinessProbe';

/**
 * A probe is ours while it does what ours does, or runs a script of ours. One with another handler beside ours is what a merge
 * makes of a user who adds a probe of their own: theirs stays (two handlers would be refused by the apiserver).
 */
function stripProbe(
  container: JsonObject,
  key: ProbeName,
  revision: InjectedRevision | undefined,
): { container: JsonObject; probe: JsonObject | undefined } {
  const recorded = revision?.[key];
  const probe = Object.hasOwn(container, key) ? container[key] : undefined;
  if (!isObject(probe)) return { container, probe: undefined };
  const found = handlersOf(probe);
  const names = Object.keys(found);
  const ours = names.filter((name) => isOurHandler(name, found, recorded));
  if (ours.length === 0) return { container, probe: undefined };
  if (ours.length === names.length) return { container: putBack(container, key, {}, key, revision), probe };
  return { container: { ...container, [key]: ours.reduce(without, probe) }, probe: undefined };
}

function isOurHandler(name: string, found: JsonObject, recorded: JsonObject | undefined): boolean {
  if (recorded !== undefined && sameJson(found[name], recorded[name])) return true;
  return name === 'exec' && runsOurScript(listAt(objectAt(found, 'exec'), 'command'));
}

/**
 * `[...ours, '--', ...user's]`. Ours is known by its program and script, so that a changed number behind it does not make
 * a hook of ours the user's, to be wrapped once more.
 */
function stripPreStop(
  container: JsonObject,
  revision: InjectedRevision | undefined,
): { container: JsonObject; command: readonly string[] | undefined } {
  const lifecycle = objectAt(container, 'lifecycle');
  const preStop = objectAt(lifecycle, 'preStop');
  const exec = objectAt(preStop, 'exec');
  const command = textsAt(exec, 'command');
  const length = ourWords(command, revision?.preStop);
  if (length === 0) return { container, command: undefined };

  const users = command.slice(length + 1);
  const newExec = putBack(exec, 'command', users, 'command', revision);
  const newPreStop = putBack(preStop, 'exec', newExec, 'exec', revision);
  const newLifecycle = putBack(lifecycle, 'preStop', newPreStop, 'preStop', revision);
  return {
    container: putBack(container, 'lifecycle', newLifecycle, 'lifecycle', revision),
    command: command.slice(0, length),
  };
}

/** How many words of a hook are ours. */
function ourWords(command: readonly string[], recorded: readonly string[] | undefined): number {
  const isRecorded = recorded?.slice(0, 2).every((word, index) => command[index] === word) ?? false;
  if (recorded !== undefined && isRecorded && command.length >= recorded.length) {
    if (command.length === recorded.length || command[recorded.length] === '--') return recorded.length;
  }
  if (!runsOurScript(command)) return 0;
  const separator = command.indexOf('--');
  return separator < 0 ? command.length : separator;
}
