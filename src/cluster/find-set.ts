import type { KubeConfig } from '@kubernetes/client-node';
import { isObject, objectAt, textAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import { describeFailure } from './api-failure.ts';
import { ask } from './ask.ts';
import { listObjects } from './list-objects.ts';

export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

export type FoundSet =
  | { readonly kind: 'set'; readonly object: JsonObject }
  /** With the managed sets that there are, as far as whoever asks may see. */
  | { readonly kind: 'none'; readonly others: readonly ObjectName[] }
  /** `right` as `kubectl auth can-i` takes it. */
  | { readonly kind: 'forbidden'; readonly right: string }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** One StatefulSet as it is stored. */
export async function findSet(config: KubeConfig, { namespace, name }: ObjectName): Promise<FoundSet> {
  try {
    const { code, text } = await ask(config, { path: `/apis/apps/v1/namespaces/${namespace}/statefulsets/${name}` });
    if (code === 403) return { kind: 'forbidden', right: `get statefulsets.apps/${name} -n ${namespace}` };
    if (code === 404) return { kind: 'none', others: await managedSets(config, namespace) };
    const object: unknown = code === 200 ? JSON.parse(text) : undefined;
    return isObject(object)
      ? { kind: 'set', object }
      : { kind: 'unreachable', reason: `HTTP ${String(code)} ${text.slice(0, 200)}` };
  } catch (error) {
    return { kind: 'unreachable', reason: describeFailure(error) };
  }
}

/** Of all namespaces, else of this one, else none: it is a help, and nobody needs a right for it. */
async function managedSets(config: KubeConfig, namespace: string): Promise<readonly ObjectName[]> {
  for (const path of ['/apis/apps/v1/statefulsets', `/apis/apps/v1/namespaces/${namespace}/statefulsets`]) {
    const listed = await listObjects(config, path, 'metadata', { labelSelector: 'postgres.io/managed=true' }).catch(
      () => undefined,
    );
    if (listed !== undefined) {
      return listed.objects.map((object) => {
        const metadata = objectAt(object, 'metadata');
        return { namespace: textAt(metadata, 'namespace') ?? '', name: textAt(metadata, 'name') ?? '' };
      });
    }
  }
  return [];
}
