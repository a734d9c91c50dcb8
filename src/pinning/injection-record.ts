import { endsWith, startsWith } from '../plan/apply-plan.ts';
import type { Plan, ReplacedEnv } from '../plan/plan.ts';
import { isObject, listAt, objectAt, objectsAt, textAt, textsAt } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';

/**
 * What one injected revision changed that carries no name of ours, so that it can be taken out again to the byte.
 * Kept for the last revisions: a rollback brings back an older template, which must be taken apart as it was put together.
 */
export interface InjectedRevision {
  /** As in the template's annotation. */
  readonly hash: string;
  /** The version that rendered it. */
  readonly version: string;
  readonly inputs: string;
  /** The Postgres container; absent where the plan does not change it. */
  readonly container?: string;
  readonly env?: readonly JsonObject[];
  readonly replacedEnv?: readonly ReplacedEnv[];
  readonly args?: readonly string[];
  /** `postgres` was put in front of args, since there was neither command nor args. */
  readonly program?: true;
  readonly ports?: readonly JsonObject[];
  /** The handlers of the probes that we added. */
  readonly startupProbe?: JsonObject;
  readonly readinessProbe?: JsonObject;
  readonly preStop?: readonly string[];
  /** terminationGracePeriodSeconds; without `was`: there was none. */
  readonly grace?: { readonly is: number; readonly was?: Json };
  /** Names of claim templates. */
  readonly claimTemplates?: readonly string[];
  /** Fields that were not there and now are; `null`: that were null. */
  readonly absent?: readonly Field[];
  readonly null?: readonly Field[];
}

/** Fields that injecting may have to make. */
export type Field =
  | 'metadata.annotations'
  | 'volumeClaimTemplates'
  | 'template.metadata'
  | 'template.annotations'
  | 'initContainers'
  | 'volumes'
  | 'args'
  | 'ports'
  | 'env'
  | 'volumeMounts'
  | 'startupProbe'
  | 'readinessProbe'
  | 'lifecycle'
  | 'preStop'
  | 'exec'
  | 'command';

/** What `plan` changes in the user's object. */
export function revisionOf(
  object: JsonObject,
  plan: Plan,
  identity: { hash: string; version: string; inputs: string },
): InjectedRevision {
  const spec = objectAt(object, 'spec');
  const template = objectAt(spec, 'template');
  const templateMetadata = objectAt(template, 'metadata');
  const pod = objectAt(template, 'spec');
  const gaps: Gaps = { absent: [], null: [] };
  note(gaps, objectAt(object, 'metadata'), 'annotations', 'metadata.annotations');
  note(gaps, template, 'metadata', 'template.metadata');
  note(gaps, templateMetadata, 'annotations', 'template.annotations');
  if (plan.claimTemplates.length > 0) note(gaps, spec, 'volumeClaimTemplates', 'volumeClaimTemplates');
  if (plan.initContainers.length > 0) note(gaps, pod, 'initContainers', 'initContainers');
  if (plan.volumes.length > 0) note(gaps, pod, 'volumes', 'volumes');

  const { graceSeconds } = plan.pod;
  const was = own(pod, 'terminationGracePeriodSeconds');
  return {
    ...identity,
    ...serverRevision(pod, plan, gaps),
    ...(graceSeconds !== undefined && { grace: { is: graceSeconds, ...(was !== undefined && { was }) } }),
    ...(plan.claimTemplates.length > 0 && {
      claimTemplates: plan.claimTemplates.map((item) => textAt(objectAt(item, 'metadata'), 'name') ?? ''),
    }),
    ...(gaps.absent.length > 0 && { absent: gaps.absent }),
    ...(gaps.null.length > 0 && { null: gaps.null }),
  };
}

function serverRevision(pod: JsonObject, { server }: Plan, gaps: Gaps): Partial<InjectedRevision> {
  if (server === undefined) return {};
  const container = objectsAt(pod, 'containers').find((item) => textAt(item, 'name') === server.container);
  if (container === undefined) return {};
  // What the user has written just so is theirs, and applying the plan leaves it alone.
  const addsArgs = server.args.length > 0 && !endsWith(listAt(container, 'args'), server.args);
  if (addsArgs) note(gaps, container, 'args', 'args');
  if (server.ports.length > 0) note(gaps, container, 'ports', 'ports');
  if (server.env.length > 0) note(gaps, container, 'env', 'env');
  if (server.volumeMounts.length > 0) note(gaps, container, 'volumeMounts', 'volumeMounts');
  if (server.startupProbe !== undefined) note(gaps, container, 'startupProbe', 'startupProbe');
  if (server.readinessProbe !== undefined) note(gaps, container, 'readinessProbe', 'readinessProbe');
  const lifecycle = objectAt(container, 'lifecycle');
  const preStop = objectAt(lifecycle, 'preStop');
  const hook = textsAt(objectAt(preStop, 'exec'), 'command');
  const addsHook = server.preStop !== undefined && !startsWith(hook, server.preStop);
  if (addsHook) {
    note(gaps, container, 'lifecycle', 'lifecycle');
    note(gaps, lifecycle, 'preStop', 'preStop');
    note(gaps, preStop, 'exec', 'exec');
    note(gaps, objectAt(preStop, 'exec'), 'command', 'command');
  }
  const bare = listAt(container, 'args').length === 0 && listAt(container, 'command').length === 0;
  return {
    container: server.container,
    ...(server.env.length > 0 && { env: server.env }),
    ...(server.replacedEnv.length > 0 && { replacedEnv: server.replacedEnv }),
    ...(addsArgs && { args: server.args }),
    ...(addsArgs && bare && { program: true }),
    ...(server.ports.length > 0 && { ports: server.ports }),
    ...(server.startupProbe !== undefined && { startupProbe: handlersOf(server.startupProbe) }),
    ...(server.readinessProbe !== undefined && { readinessProbe: handlersOf(server.readinessProbe) }),
    ...(addsHook && { preStop: server.preStop }),
  };
}

interface Gaps {
  readonly absent: Field[];
  readonly null: Field[];
}

function note(gaps: Gaps, parent: JsonObject, key: string, field: Field): void {
  const value = own(parent, key);
  if (value === undefined) gaps.absent.push(field);
  else if (value === null) gaps.null.push(field);
}

function own(parent: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(parent, key) ? parent[key] : undefined;
}

const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc'] as const;

/** What a probe does, without how often: the part that tells whose it is. */
export function handlersOf(probe: JsonObject): JsonObject {
  const found: Record<string, Json> = {};
  for (const name of handlers) {
    const handler = own(probe, name);
    if (handler !== undefined) found[name] = handler;
  }
  return found;
}

/**
 * ControllerRevisions kept by default (revisionHistoryLimit); what is older cannot be rolled back to. The size keeps
 * well below the 256 KiB that the annotations of an object may have in total.
 */
const mostRevisions = 10;
const mostCharacters = 32 * 1024;

/** The record with `revision` as its newest. */
export function withRevision(
  record: readonly InjectedRevision[],
  revision: InjectedRevision,
): readonly InjectedRevision[] {
  return [...record.filter(({ hash }) => hash !== revision.hash), revision].slice(-mostRevisions);
}

export function writeRecord(record: readonly InjectedRevision[]): string {
  const texts = record.map((revision) => JSON.stringify(revision));
  let length = texts.reduce((sum, text) => sum + text.length, 0);
  while (length > mostCharacters && texts.length > 1) length -= texts.shift()?.length ?? 0;
  return `[${texts.join(',')}]`;
}

/** Newest last; without what is no revision: somebody edited it, and what is not recorded is left where it is. */
export function readRecord(text: string | undefined): readonly InjectedRevision[] {
  if (text === undefined) return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  return Array.isArray(value) ? value.filter(isRevision) : [];
}

function isRevision(value: unknown): value is InjectedRevision {
  if (!isObject(value)) return false;
  const grace = value['grace'];
  return (
    [value['hash'], value['version'], value['inputs']].every(isText) &&
    (value['container'] === undefined || isText(value['container'])) &&
    isListOf(value['env'], isObject) &&
    isListOf(value['replacedEnv'], isReplacedEnv) &&
    isListOf(value['args'], isText) &&
    isListOf(value['ports'], isObject) &&
    (value['startupProbe'] === undefined || isObject(value['startupProbe'])) &&
    (value['readinessProbe'] === undefined || isObject(value['readinessProbe'])) &&
    isListOf(value['preStop'], isText) &&
    (grace === undefined || (isObject(grace) && typeof grace['is'] === 'number')) &&
    isListOf(value['claimTemplates'], isText) &&
    isListOf(value['absent'], isText) &&
    isListOf(value['null'], isText)
  );
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return value === undefined || (Array.isArray(value) && value.every(isItem));
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isReplacedEnv(value: unknown): boolean {
  return isObject(value) && [value['name'], value['value'], value['was']].every(isText);
}
