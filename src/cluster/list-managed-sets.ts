import type { KubeConfig } from '@kubernetes/client-node';
import type { JsonObject } from '../workload/json.ts';
import { describeFailure, statusOf } from './api-failure.ts';
import { listObjects } from './list-objects.ts';

export type ListedSets =
  | { readonly kind: 'sets'; readonly objects: readonly JsonObject[] }
  /** `right` as `kubectl auth can-i` takes it. */
  | { readonly kind: 'forbidden'; readonly right: string }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** StatefulSets that carry the label of pgusher, with whatever value; of all namespaces where none is named. */
export async function listManagedSets(config: KubeConfig, namespace: string | undefined): Promise<ListedSets> {
  const path =
    namespace === undefined ? '/apis/apps/v1/statefulsets' : `/apis/apps/v1/namespaces/${namespace}/statefulsets`;
  try {
    const { objects } = await listObjects(config, path, 'whole', { labelSelector: 'postgres.io/managed' });
    return { kind: 'sets', objects };
  } catch (error) {
    const right = `list statefulsets.apps ${namespace === undefined ? '--all-namespaces' : `-n ${namespace}`}`;
    return statusOf(error) === 403
      ? { kind: 'forbidden', right }
      : { kind: 'unreachable', reason: describeFailure(error) };
  }
}
