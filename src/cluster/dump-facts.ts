import { KubernetesObjectApi } from '@kubernetes/client-node';
import type { KubeConfig, KubernetesObject } from '@kubernetes/client-node';
import { objectAt, objectsAt, textAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import { codeOf } from './api-failure.ts';
import type { ObjectName } from './find-set.ts';
import { listObjects } from './list-objects.ts';

export interface DumpFacts {
  readonly set: JsonObject;
  /** Its governing Service is there: without, its pods have no names. */
  readonly hasService: boolean;
  /** Null: it is not there. */
  readonly claim: JsonObject | null;
  /** Those that mount the claim and have not ended. */
  readonly pods: readonly JsonObject[];
}

/** What the CronJob of dumps depends on, with the rights of whoever runs the command. @throws as the client does. */
export async function readDumpFacts(
  config: KubeConfig,
  { namespace, name }: ObjectName,
  claim: string,
): Promise<DumpFacts> {
  const objects = KubernetesObjectApi.makeApiClient(config);
  const read = async (apiVersion: string, kind: string, of: string): Promise<JsonObject | null> => {
    try {
      return asJson(await objects.read({ apiVersion, kind, metadata: { name: of, namespace } }));
    } catch (error) {
      if (codeOf(error) === 404) return null;
      throw error;
    }
  };
  const { objects: pods } = await listObjects(config, `/api/v1/namespaces/${namespace}/pods`, 'whole');
  const set = (await read('apps/v1', 'StatefulSet', name)) ?? {};
  const service = textAt(objectAt(set, 'spec'), 'serviceName') ?? '';
  return {
    set,
    hasService: service !== '' && (await read('v1', 'Service', service)) !== null,
    claim: await read('v1', 'PersistentVolumeClaim', claim),
    pods: pods.filter(
      (pod) =>
        !['Succeeded', 'Failed'].includes(textAt(objectAt(pod, 'status'), 'phase') ?? '') &&
        objectsAt(objectAt(pod, 'spec'), 'volumes').some(
          (volume) => textAt(objectAt(volume, 'persistentVolumeClaim'), 'claimName') === claim,
        ),
    ),
  };
}

/** The client makes dates of times; what is read here is what was sent. */
function asJson(object: KubernetesObject): JsonObject {
  return JSON.parse(JSON.stringify(object)) as JsonObject;
}
