import { numberAt, objectAt, objectsAt, textAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';

/** How far the pod of a drill is, from its status. */
export type DrillState =
  | { readonly kind: 'waits'; readonly what: string }
  | { readonly kind: 'ready'; readonly took: DrillTimes }
  | { readonly kind: 'failed'; readonly reason: string };

/** Seconds. */
export interface DrillTimes {
  /** Until `pgusher-restore` began: scheduling, claims, images. */
  readonly begun: number;
  /** Until the base backup was in place. */
  readonly restored: number;
  /** Until the server took connections: its start and all WAL. */
  readonly recovered: number;
}

/** `server`: name of the container that Postgres runs in. */
export function drillState(pod: JsonObject, server: string): DrillState {
  const status = objectAt(pod, 'status');
  const statuses = [...objectsAt(status, 'initContainerStatuses'), ...objectsAt(status, 'containerStatuses')];
  if (textAt(status, 'phase') === 'Failed' || textAt(status, 'phase') === 'Succeeded') {
    return { kind: 'failed', reason: whyEnded(status, statuses) };
  }
  const restored = objectAt(objectAt(statusOf(statuses, 'pgusher-restore'), 'state'), 'terminated');
  const ready = objectsAt(status, 'conditions').find((one) => textAt(one, 'type') === 'Ready');
  if (textAt(ready, 'status') === 'True') {
    const times = [
      textAt(objectAt(pod, 'metadata'), 'creationTimestamp'),
      textAt(restored, 'startedAt'),
      textAt(restored, 'finishedAt'),
      textAt(ready, 'lastTransitionTime'),
    ].map((time) => Date.parse(time ?? '') / 1000);
    const [made = NaN, begun = NaN, done = NaN, answers = NaN] = times;
    return { kind: 'ready', took: { begun: begun - made, restored: done - begun, recovered: answers - done } };
  }
  return { kind: 'waits', what: whatFor(status, statuses, server) };
}

function statusOf(statuses: readonly JsonObject[], name: string): JsonObject | undefined {
  return statuses.find((one) => textAt(one, 'name') === name);
}

/** What ended first with a fault, in its own words. */
function whyEnded(status: JsonObject, statuses: readonly JsonObject[]): string {
  const own = textAt(status, 'message');
  for (const one of statuses) {
    const ended = objectAt(objectAt(one, 'state'), 'terminated');
    const code = numberAt(ended, 'exitCode');
    if (code === undefined || code === 0) continue;
    const words = (textAt(ended, 'message') ?? textAt(ended, 'reason') ?? '').trim();
    return `${textAt(one, 'name') ?? ''} ended with ${String(code)}${words === '' ? '' : `: ${words}`}`;
  }
  return own ?? textAt(status, 'reason') ?? 'it ended';
}

function whatFor(status: JsonObject, statuses: readonly JsonObject[], server: string): string {
  const scheduled = objectsAt(status, 'conditions').find((one) => textAt(one, 'type') === 'PodScheduled');
  if (textAt(scheduled, 'status') === 'False') return `for a node: ${textAt(scheduled, 'message') ?? ''}`;
  for (const one of statuses) {
    const waiting = objectAt(objectAt(one, 'state'), 'waiting');
    const reason = textAt(waiting, 'reason');
    // The word for a container that is still to come.
    if (reason === undefined || reason === 'PodInitializing' || reason === 'ContainerCreating') continue;
    return `for ${textAt(one, 'name') ?? ''}: ${reason} ${textAt(waiting, 'message') ?? ''}`.trim();
  }
  const runs = (name: string): boolean => 'running' in objectAt(statusOf(statuses, name), 'state');
  if (runs('pgusher-restore')) return 'for the base backup to be restored';
  return runs(server) ? 'for the server to replay its WAL' : 'for its containers';
}
