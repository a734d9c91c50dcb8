import { CoreV1Api, PatchStrategy, V1ConfigMap, V1ObjectMeta, setHeaderOptions } from '@kubernetes/client-node';
import type { KubeConfig } from '@kubernetes/client-node';
import type { PromotionCluster } from '../commands/promotion.ts';
import type { RebuildCluster } from '../commands/rebuilding.ts';
import { codeOf } from './api-failure.ts';
import { execInPod } from './exec-in-pod.ts';
import { runAgent, sessionsWithAgents } from './run-agent.ts';

/** Where the Service selects one pod of a StatefulSet (Kubernetes, "Pod name label"). */
const podNameLabel = 'statefulset.kubernetes.io/pod-name';

export interface SetInCluster {
  readonly config: KubeConfig;
  readonly namespace: string;
  readonly name: string;
  /** Name of the container that Postgres runs in. */
  readonly server: string;
}

/** To be closed: it holds processes beside the servers. */
export interface ClosablePromotion extends PromotionCluster, RebuildCluster {
  close(): void;
}

/** The set in the cluster that kubectl would ask, with the rights that kubectl has. */
export function promotionInCluster({ config, namespace: place, name: set, server }: SetInCluster): ClosablePromotion {
  const sessions = sessionsWithAgents(config, place);
  const core = config.makeApiClient(CoreV1Api);
  const name = `${set}-pgusher`;
  const readMap = async (): Promise<V1ConfigMap | undefined> =>
    core.readNamespacedConfigMap({ name, namespace: place }).catch((error: unknown) => {
      if (codeOf(error) === 404) return undefined;
      throw error;
    });
  const ofSet = new RegExp(`^${set.replace(/[.]/g, '\\.')}-\\d+$`);
  return {
    pods: async () => {
      const { items } = await core.listNamespacedPod({ namespace: place });
      return items
        .filter(
          ({ metadata }) =>
            ofSet.test(metadata?.name ?? '') &&
            metadata?.ownerReferences?.some((owner) => owner.kind === 'StatefulSet' && owner.name === set) === true,
        )
        .map(({ metadata }) => metadata?.name ?? '')
        .sort((left, right) => Number(left.slice(set.length + 1)) - Number(right.slice(set.length + 1)));
    },
    // A base backup takes hours, and nobody asks anything behind it.
    agent: (pod, args) => (args[0] === 'backup' ? runAgent(config, place, pod, args) : sessions.ask(pod, args)),
    close: () => {
      sessions.close();
    },
    stopServer: async (pod) => {
      // The hook ends with the server, and the container with it: what the connection says then is no failure.
      await execInPod(config, place, pod, server, ['sh', '/pgusher/bin/pre-stop.sh', '60']).catch(() => undefined);
    },
    deletePod: async (pod) => {
      await core.deleteNamespacedPod({ name: pod, namespace: place });
    },
    record: async () => {
      const map = await readMap();
      return { values: map?.data ?? {}, version: map?.metadata?.resourceVersion ?? null };
    },
    writeRecord: async (changes, version) => {
      const map = await readMap();
      if ((map?.metadata?.resourceVersion ?? null) !== version) return false;
      const data = Object.fromEntries(
        Object.entries({ ...map?.data, ...changes }).filter((entry): entry is [string, string] => entry[1] !== null),
      );
      try {
        await (map === undefined
          ? core.createNamespacedConfigMap({ namespace: place, body: configMap({ name, namespace: place }, data) })
          : core.replaceNamespacedConfigMap({ name, namespace: place, body: Object.assign(map, { data }) }));
        return true;
      } catch (error) {
        if (codeOf(error) === 409) return false;
        throw error;
      }
    },
    pinnedServices: async () =>
      (await core.listNamespacedService({ namespace: place })).items.flatMap(({ metadata, spec }) => {
        const pod = spec?.selector?.[podNameLabel];
        return pod !== undefined && ofSet.test(pod) ? [{ name: metadata?.name ?? '', pod }] : [];
      }),
    pointService: async (service, pod) => {
      await core.patchNamespacedService(
        { name: service, namespace: place, body: { spec: { selector: { [podNameLabel]: pod } } } },
        setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
      );
    },
  };
}

function configMap(metadata: Partial<V1ObjectMeta>, data: Record<string, string>): V1ConfigMap {
  return Object.assign(new V1ConfigMap(), { metadata: Object.assign(new V1ObjectMeta(), metadata), data });
}
