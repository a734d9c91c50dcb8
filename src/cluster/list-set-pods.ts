import type { KubeConfig } from '@kubernetes/client-node';
import { numberAt, objectAt, objectsAt, textAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import { describeFailure, statusOf } from './api-failure.ts';
import type { ObjectName } from './find-set.ts';
import { listObjects } from './list-objects.ts';

/** A pod of a set, as its kubelet reports it. */
export interface SetPod {
  readonly name: string;
  readonly uid: string;
  /** Init containers first, each in the order of the pod. */
  readonly containers: readonly SetContainer[];
}

export interface SetContainer {
  readonly name: string;
  readonly state: 'running' | 'waiting' | 'terminated';
  /** Why it waits, or with what it ended: `CrashLoopBackOff`, `Completed`; empty where nothing says. */
  readonly reason: string;
  readonly restarts: number;
  /** How the one before this ended. */
  readonly before: 'none' | 'ended' | 'failed';
}

export type SetPods =
  | { readonly kind: 'pods'; readonly pods: readonly SetPod[] }
  | { readonly kind: 'forbidden'; readonly right: string }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** By ordinal. */
export async function listSetPods(config: KubeConfig, { namespace, name }: ObjectName): Promise<SetPods> {
  try {
    const { objects } = await listObjects(config, `/api/v1/namespaces/${namespace}/pods`, 'whole');
    const ordinal = (pod: SetPod): number => Number(pod.name.slice(name.length + 1));
    const pods = objects.filter((object) => isOf(object, name)).map(readPod);
    return { kind: 'pods', pods: pods.sort((left, right) => ordinal(left) - ordinal(right)) };
  } catch (error) {
    return statusOf(error) === 403
      ? { kind: 'forbidden', right: `list pods -n ${namespace}` }
      : { kind: 'unreachable', reason: describeFailure(error) };
  }
}

function isOf(object: JsonObject, set: string): boolean {
  return objectsAt(objectAt(object, 'metadata'), 'ownerReferences').some(
    (owner) => textAt(owner, 'kind') === 'StatefulSet' && textAt(owner, 'name') === set,
  );
}

function readPod(object: JsonObject): SetPod {
  const metadata = objectAt(object, 'metadata');
  const spec = objectAt(object, 'spec');
  const status = objectAt(object, 'status');
  const statuses = [...objectsAt(status, 'initContainerStatuses'), ...objectsAt(status, 'containerStatuses')];
  return {
    name: textAt(metadata, 'name') ?? '',
    uid: textAt(metadata, 'uid') ?? '',
    containers: [...objectsAt(spec, 'initContainers'), ...objectsAt(spec, 'containers')].map((container) => {
      const name = textAt(container, 'name') ?? '';
      return readContainer(
        name,
        statuses.find((one) => textAt(one, 'name') === name),
      );
    }),
  };
}

function readContainer(name: string, status: JsonObject | undefined): SetContainer {
  const now = objectAt(status, 'state');
  const state = 'running' in now ? 'running' : 'terminated' in now ? 'terminated' : 'waiting';
  const last = objectAt(objectAt(status, 'lastState'), 'terminated');
  return {
    name,
    state,
    reason: textAt(objectAt(now, state), 'reason') ?? '',
    restarts: numberAt(status, 'restartCount') ?? 0,
    before: Object.keys(last).length === 0 ? 'none' : numberAt(last, 'exitCode') === 0 ? 'ended' : 'failed',
  };
}
