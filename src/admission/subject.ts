import { numberAt, objectAt, objectsAt, textAt, textMapAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import { managedLabel } from '../workload/read-settings.ts';
import type { AdmissionRequest } from './admission.ts';

/** What a request is about, by what everybody may see: kind, operation, label. */
export type Subject =
  /** Let through, whatever it is. */
  | { readonly kind: 'not-ours'; readonly reason: string }
  /** A StatefulSet without the label, or with the label at a value that opts in to nothing. */
  | { readonly kind: 'not-managed'; readonly labels: JsonObject }
  /** The label on a kind that pgusher cannot look after. `isNew`: this request put it there. */
  | { readonly kind: 'unsupported-kind'; readonly isNew: boolean }
  /** An UPDATE that takes the label away. */
  | { readonly kind: 'released'; readonly object: JsonObject; readonly old: JsonObject }
  /** `old` is there on UPDATE; `wasManaged` where it had the label too. */
  | {
      readonly kind: 'managed';
      readonly object: JsonObject;
      readonly old: JsonObject | undefined;
      readonly wasManaged: boolean;
    }
  /** An UPDATE of statefulsets/scale: a number and the name of a set, and nothing else of it. */
  | { readonly kind: 'scaled'; readonly uid: string; readonly before: number; readonly after: number }
  /** DELETE of a set with the label, by somebody who is not Kubernetes itself. */
  | { readonly kind: 'set-deleted'; readonly object: JsonObject }
  /** DELETE of any claim, by somebody who is not Kubernetes itself. */
  | { readonly kind: 'claim-deleted'; readonly object: JsonObject };

/** Kinds that run pods, and on which somebody may write the label in the belief that it helps. */
const podKinds = ['Deployment', 'ReplicaSet', 'DaemonSet', 'Pod'];

export function subjectOf(request: AdmissionRequest): Subject {
  const { operation, object, kind } = request;
  if (operation === 'CONNECT') return { kind: 'not-ours', reason: operation };
  if (request.subResource !== '') return subResource(request);
  if (operation === 'DELETE') return deleted(request);
  if (object === undefined) return { kind: 'not-ours', reason: 'no object' };
  // Taking a finalizer off an object that is going away must never be refused.
  if (textAt(objectAt(object, 'metadata'), 'deletionTimestamp') !== undefined) {
    return { kind: 'not-ours', reason: 'being deleted' };
  }
  const old = operation === 'UPDATE' ? request.oldObject : undefined;
  if (kind.group === 'apps' && kind.kind === 'StatefulSet') return statefulSet(object, old);
  if (podKinds.includes(kind.kind) && labelOf(object) === 'managed' && !hasController(object)) {
    return { kind: 'unsupported-kind', isNew: old === undefined || labelOf(old) !== 'managed' };
  }
  return { kind: 'not-ours', reason: `kind ${kind.kind.slice(0, 63)}` };
}

/** `scale` and `status`: they hold no pod template. */
function subResource(request: AdmissionRequest): Subject {
  const { resource, object, oldObject } = request;
  const name = `${resource.group}/${resource.resource}/${request.subResource}`;
  if (name !== 'apps/statefulsets/scale' || request.operation !== 'UPDATE') {
    return { kind: 'not-ours', reason: `sub-resource ${request.subResource}` };
  }
  const [before, after] = [replicasOf(oldObject), replicasOf(object)];
  if (before === after) return { kind: 'not-ours', reason: 'replicas unchanged' };
  return { kind: 'scaled', uid: textAt(objectAt(object, 'metadata'), 'uid') ?? '', before, after };
}

/** Zero is left out on the wire. */
function replicasOf(scale: JsonObject | undefined): number {
  return numberAt(objectAt(scale, 'spec'), 'replicas') ?? 0;
}

/**
 * Who deletes what others decided about: the namespace's contents, what belonged to a deleted object, claims by the retention policy of
 * their set. By their own accounts, or by that of the process where they have none (`--use-service-account-credentials`).
 */
export const kubernetesItself: readonly string[] = [
  'system:kube-controller-manager',
  'system:serviceaccount:kube-system:generic-garbage-collector',
  'system:serviceaccount:kube-system:namespace-controller',
  'system:serviceaccount:kube-system:statefulset-controller',
];

function deleted({ kind, oldObject: object, user }: AdmissionRequest): Subject {
  const name = `${kind.group}/${kind.kind}`;
  if (object === undefined || (name !== 'apps/StatefulSet' && name !== '/PersistentVolumeClaim')) {
    return { kind: 'not-ours', reason: 'DELETE' };
  }
  if (kubernetesItself.includes(user)) return { kind: 'not-ours', reason: 'deleted by Kubernetes itself' };
  // Asked for again; the answer to the first one stands.
  if (textAt(objectAt(object, 'metadata'), 'deletionTimestamp') !== undefined) {
    return { kind: 'not-ours', reason: 'being deleted' };
  }
  if (name === '/PersistentVolumeClaim') return { kind: 'claim-deleted', object };
  return labelOf(object) === 'managed' ? { kind: 'set-deleted', object } : { kind: 'not-ours', reason: 'no label' };
}

function statefulSet(object: JsonObject, old: JsonObject | undefined): Subject {
  const wasManaged = old !== undefined && labelOf(old) === 'managed';
  const label = labelOf(object);
  if (label === 'managed') return { kind: 'managed', object, old, wasManaged };
  if (wasManaged) return { kind: 'released', object, old };
  return { kind: 'not-managed', labels: objectAt(objectAt(object, 'metadata'), 'labels') };
}

function labelOf(object: JsonObject): ReturnType<typeof managedLabel> {
  return managedLabel(textMapAt(objectAt(object, 'metadata'), 'labels'));
}

/** Made by another object: a pod of a StatefulSet carries the template's labels, a ReplicaSet those of its Deployment. */
function hasController(object: JsonObject): boolean {
  return objectsAt(objectAt(object, 'metadata'), 'ownerReferences').some((owner) => owner['controller'] === true);
}
