import type { KubeConfig } from '@kubernetes/client-node';
import { findSet } from '../cluster/find-set.ts';
import type { ObjectName } from '../cluster/find-set.ts';
import { listSetPods } from '../cluster/list-set-pods.ts';
import type { SetPod } from '../cluster/list-set-pods.ts';
import { runAgent } from '../cluster/run-agent.ts';
import { readManagedSet } from '../status/managed-set.ts';
import { nearestName } from '../workload/nearest-name.ts';
import { objectAt, objectsAt, textAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import { namespaceOf, notTold, readKubeconfig } from './cluster-options.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { UsageError } from './exit-code.ts';
import type { AgentAnswer } from './promotion.ts';

/** A managed set with an agent, and its pods, as a command that looks into one needs it. */
export interface OpenSet extends ObjectName {
  readonly config: KubeConfig;
  readonly pods: readonly SetPod[];
  /** Name of the container that Postgres runs in. */
  readonly server: string;
  /** Runs `pgusher-agent …` beside the server of a pod. */
  agent(pod: string, args: readonly string[]): Promise<AgentAnswer>;
}

/** @throws UsageError where the set is not there, not managed, or the cluster does not say. */
export async function openSet(name: string, options: ClusterOptions): Promise<OpenSet> {
  const set = await findManagedSet(name, options);
  const { config, namespace } = set;
  const listed = await listSetPods(config, set);
  if (listed.kind !== 'pods') throw notTold(config, listed);
  return {
    ...set,
    pods: listed.pods,
    agent: (pod, args) => runAgent(config, namespace, pod, args),
  };
}

/** @throws UsageError as `openSet`. */
export async function findManagedSet(name: string, options: ClusterOptions): Promise<Omit<OpenSet, 'pods' | 'agent'>> {
  const config = readKubeconfig(options);
  const namespace = namespaceOf(config, options);
  const found = await findSet(config, { namespace, name });
  switch (found.kind) {
    case 'forbidden':
    case 'unreachable':
      throw notTold(config, found);
    case 'none':
      throw new UsageError(
        `there is no StatefulSet "${name}" in namespace ${namespace}${meant({ namespace, name }, found.others)}`,
      );
    case 'set':
      return { namespace, name, config, server: serverOf({ namespace, name }, found.object) };
  }
}

/** Another name of this namespace, or the same one elsewhere. */
export function meant({ namespace, name }: ObjectName, others: readonly ObjectName[]): string {
  const here = others.filter((other) => other.namespace === namespace).map((other) => other.name);
  const ofPod = here.find((set) => name.startsWith(`${set}-`) && /^\d+$/.test(name.slice(set.length + 1)));
  if (ofPod !== undefined) return `; ${name} is a pod of the set ${ofPod}: write ${ofPod}, or ${ofPod} ${name}`;
  const nearest = nearestName(name, here);
  if (nearest !== undefined) return `; did you mean ${nearest}?`;
  const elsewhere = others.filter((other) => other.name === name).map((other) => `-n ${other.namespace}`);
  if (elsewhere.length > 0) return `; there is one elsewhere: ${elsewhere.join(', ')}`;
  return here.length === 0 ? '' : `; managed are ${here.join(', ')}`;
}

/** @throws UsageError where pgusher has nothing to do with the set. */
function serverOf({ namespace, name }: ObjectName, object: JsonObject): string {
  const managed = readManagedSet(object);
  if (managed === null) {
    throw new UsageError(
      `StatefulSet ${namespace}/${name} is not managed; wanted one with the label postgres.io/managed: "true"`,
    );
  }
  const containers = objectsAt(objectAt(objectAt(objectAt(object, 'spec'), 'template'), 'spec'), 'containers');
  const server = containers.find((container) =>
    objectsAt(container, 'volumeMounts').some((mount) => textAt(mount, 'mountPath') === '/pgusher'),
  );
  if (managed.agentPort === null || server === undefined) {
    throw new UsageError(
      `nothing of pgusher runs in ${namespace}/${name}; wanted one that was admitted: apply it again, and \`pgusher status ${name} -n ${namespace}\` says what is missing`,
    );
  }
  return textAt(server, 'name') ?? '';
}
