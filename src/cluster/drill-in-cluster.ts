import { setTimeout as sleep } from 'node:timers/promises';
import { CoreV1Api, KubernetesObjectApi } from '@kubernetes/client-node';
import type { KubeConfig, KubernetesObject } from '@kubernetes/client-node';
import type { DrillCluster } from '../commands/drilling.ts';
import { objectAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import { codeOf, wordsOf } from './api-failure.ts';
import type { ObjectName } from './find-set.ts';
import { runAgent } from './run-agent.ts';

/** A claim goes when its pod is gone, and the pod within its grace period of 5 s; a node that does not answer takes longer. */
const removalSeconds = 120;

/** With the rights of whoever runs the command. */
export function drillInCluster(config: KubeConfig, { namespace, name: set }: ObjectName): DrillCluster {
  const objects = KubernetesObjectApi.makeApiClient(config);
  const core = config.makeApiClient(CoreV1Api);
  const read = async (kind: string, apiVersion: string, name: string): Promise<JsonObject | null> => {
    try {
      return asJson(await objects.read({ apiVersion, kind, metadata: { name, namespace } }));
    } catch (error) {
      if (codeOf(error) === 404) return null;
      throw error;
    }
  };
  const removed = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (codeOf(error) !== 404) throw error;
    }
  };
  return {
    set: async () => (await read('StatefulSet', 'apps/v1', set)) ?? {},
    pod: (name) => read('Pod', 'v1', name),
    claim: (name) => read('PersistentVolumeClaim', 'v1', name),
    admitted: async (wanted) => {
      try {
        return asJson(await objects.create(wanted, undefined, 'All'));
      } catch (error) {
        // 400 is how the apiserver says that a webhook denied; 422 is its own validation.
        const code = codeOf(error);
        if (error instanceof Error && (code === 400 || code === 422)) return wordsOf(error);
        throw error;
      }
    },
    create: async ({ pod, claims }) => {
      const { metadata: made } = await objects.create(asObject(pod));
      const owner = { apiVersion: 'v1', kind: 'Pod', name: made?.name ?? '', uid: made?.uid ?? '' };
      for (const claim of claims) {
        await objects.create(
          asObject({ ...claim, metadata: { ...objectAt(claim, 'metadata'), ownerReferences: [owner] } }),
        );
      }
    },
    remove: async (pod, claims) => {
      await removed(() => core.deleteNamespacedPod({ name: pod, namespace }));
      for (const claim of claims) {
        await removed(() => core.deleteNamespacedPersistentVolumeClaim({ name: claim, namespace }));
      }
      const until = performance.now() + removalSeconds * 1000;
      const left = async (): Promise<boolean> => {
        const there = [await read('Pod', 'v1', pod)];
        for (const claim of claims) there.push(await read('PersistentVolumeClaim', 'v1', claim));
        return there.some((one) => one !== null);
      };
      while (await left()) {
        if (performance.now() > until) {
          throw new Error(`pod ${pod} and its claims are told to go, and are there after ${removalSeconds} s`);
        }
        await sleep(500);
      }
    },
    agent: (pod, args) => runAgent(config, namespace, pod, args),
  };
}

function asObject(object: JsonObject): KubernetesObject {
  return object;
}

/** The client makes dates of times; what is read here is what was sent. */
function asJson(object: KubernetesObject): JsonObject {
  return JSON.parse(JSON.stringify(object)) as JsonObject;
}
