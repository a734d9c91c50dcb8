import { CoreV1Api, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import type { KubeConfig } from '@kubernetes/client-node';
import { objectAt, textAt, textMapAt } from '../workload/json.ts';
import { codeOf, describeFailure, statusOf, wordsOf } from './api-failure.ts';
import { listObjects } from './list-objects.ts';

export type PodLabels =
  /** Labels by the pod's name. */
  | { readonly kind: 'labels'; readonly labels: ReadonlyMap<string, Readonly<Record<string, string>>> }
  /** `right` as `kubectl auth can-i` takes it. */
  | { readonly kind: 'forbidden'; readonly right: string }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** Of all pods of a namespace, without the rest of them. */
export async function readPodLabels(config: KubeConfig, namespace: string): Promise<PodLabels> {
  try {
    const { objects } = await listObjects(config, `/api/v1/namespaces/${namespace}/pods`, 'metadata');
    const labels = objects.map((pod): [string, Readonly<Record<string, string>>] => {
      const metadata = objectAt(pod, 'metadata');
      return [textAt(metadata, 'name') ?? '', textMapAt(metadata, 'labels')];
    });
    return { kind: 'labels', labels: new Map(labels) };
  } catch (error) {
    return statusOf(error) === 403
      ? { kind: 'forbidden', right: `list pods -n ${namespace}` }
      : { kind: 'unreachable', reason: describeFailure(error) };
  }
}

export interface PodLabel {
  readonly namespace: string;
  readonly pod: string;
  readonly label: string;
  /** Null: it is taken away. */
  readonly value: string | null;
}

/** @returns why it was not done, in the apiserver's words; null: it was, or the pod is gone. */
export async function labelPod(config: KubeConfig, { namespace, pod, label, value }: PodLabel): Promise<string | null> {
  try {
    await config
      .makeApiClient(CoreV1Api)
      .patchNamespacedPod(
        { name: pod, namespace, body: { metadata: { labels: { [label]: value } } } },
        setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
      );
    return null;
  } catch (error) {
    if (codeOf(error) === 404) return null;
    return error instanceof Error ? wordsOf(error) : String(error);
  }
}
