import type { LabelSelector } from '../../workload/cluster-facts.ts';
import { objectAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';

/** What the pods of the set are labelled with by its template. */
export function podLabels({ object }: PostgresWorkload): JsonObject {
  return objectAt(objectAt(objectAt(objectAt(object, 'spec'), 'template'), 'metadata'), 'labels');
}

/** What the StatefulSet controller labels each pod with; the template has none of them. */
export const controllerLabels = {
  podName: 'statefulset.kubernetes.io/pod-name',
  /** From Kubernetes 1.28 on. */
  podIndex: 'apps.kubernetes.io/pod-index',
  revision: 'controller-revision-hash',
} as const;

/** A Service's selector; an empty one selects nothing. */
export function selectsAll(selector: Readonly<Record<string, string>>, labels: JsonObject): boolean {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

/** Kubernetes API conventions, "Label selectors": all of it has to match, and an empty one matches everything. */
export function matches({ labels: wanted, expressions }: LabelSelector, labels: JsonObject): boolean {
  return (
    Object.entries(wanted).every(([key, value]) => labels[key] === value) &&
    expressions.every(({ key, operator, values }) => {
      const value = labels[key];
      const isOneOf = typeof value === 'string' && values.includes(value);
      switch (operator) {
        case 'In':
          return isOneOf;
        case 'NotIn':
          return !isOneOf;
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
        default:
          return false;
      }
    })
  );
}
