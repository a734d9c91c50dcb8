import { annotationName } from '../workload/annotation-name.ts';
import { numberAt, objectAt, objectsAt, textAt, textMapAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';

/** What a stored StatefulSet says of itself, as far as its state is concerned. */
export interface ManagedSet {
  readonly namespace: string;
  readonly name: string;
  /** Pods that are wanted, and those that are Ready. */
  readonly replicas: number;
  readonly ready: number;
  /** Names of the pods that are wanted. */
  readonly pods: readonly string[];
  readonly role: 'auto' | 'primary' | 'standby';
  /** The version of pgusher that rendered what is injected; null where nothing is. */
  readonly version: string | null;
  /** Port of the agent's pages; null where no agent is injected. */
  readonly agentPort: number | null;
}

/** Null where the set is not managed: the label is not "true". */
export function readManagedSet(object: JsonObject): ManagedSet | null {
  const metadata = objectAt(object, 'metadata');
  if (textMapAt(metadata, 'labels')['postgres.io/managed'] !== 'true') return null;
  const spec = objectAt(object, 'spec');
  const annotations = textMapAt(metadata, 'annotations');
  const name = textAt(metadata, 'name') ?? '';
  const replicas = numberAt(spec, 'replicas') ?? 1;
  const first = numberAt(objectAt(spec, 'ordinals'), 'start') ?? 0;
  const role = annotations[annotationName('role')];
  return {
    namespace: textAt(metadata, 'namespace') ?? 'default',
    name,
    replicas,
    ready: numberAt(objectAt(object, 'status'), 'readyReplicas') ?? 0,
    pods: Array.from({ length: replicas }, (_, index) => `${name}-${String(first + index)}`),
    role: role === 'primary' || role === 'standby' ? role : 'auto',
    version: annotations['postgres.io/injection-version'] ?? null,
    agentPort: agentPort(spec),
  };
}

function agentPort(spec: JsonObject): number | null {
  const sidecar = objectsAt(objectAt(objectAt(spec, 'template'), 'spec'), 'initContainers').find(
    (container) => textAt(container, 'name') === 'pgusher-backup',
  );
  const port = objectsAt(sidecar, 'ports').find((one) => textAt(one, 'name') === 'pgusher');
  return numberAt(port, 'containerPort') ?? null;
}
