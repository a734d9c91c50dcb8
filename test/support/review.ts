import type { AdmissionContext, AdmissionRequest } from '../../src/admission/admission.ts';
import { decodeReview } from '../../src/admission/review.ts';
import { noPolicy } from '../../src/checks/policy.ts';
import { noFacts } from '../../src/workload/fact-table.ts';
import type { JsonObject } from '../../src/workload/json.ts';

/** A cluster that says nothing: built-in settings, no policy, no namespaces known. */
export const plainContext: AdmissionContext = {
  clusterSettings: {},
  policy: noPolicy,
  withRollout: false,
  namespaceAnnotations: () => undefined,
  namespaceIsEnding: () => undefined,
  facts: noFacts,
  today: '2026-11-21',
};

export interface StatefulSetParts {
  readonly labels?: JsonObject;
  readonly annotations?: JsonObject;
  readonly metadata?: JsonObject;
  readonly image?: string;
  readonly env?: readonly JsonObject[];
  readonly args?: readonly string[];
  readonly replicas?: number;
}

/** A set that is managed and refused by no check, as the apiserver would send it. */
export function managedSet(parts: StatefulSetParts = {}): JsonObject {
  const { args, annotations } = parts;
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: {
      name: 'orders',
      namespace: 'shop',
      labels: parts.labels ?? { 'postgres.io/managed': 'true' },
      ...(annotations === undefined ? {} : { annotations }),
      ...parts.metadata,
    },
    spec: {
      serviceName: 'orders',
      replicas: parts.replicas ?? 1,
      selector: { matchLabels: { app: 'orders' } },
      template: {
        metadata: { labels: { app: 'orders' } },
        spec: {
          containers: [
            {
              name: 'postgres',
              image: parts.image ?? 'postgres:17.6-bookworm',
              ...(args === undefined ? {} : { args }),
              env: parts.env ?? [
                { name: 'POSTGRES_PASSWORD', valueFrom: { secretKeyRef: { name: 'orders', key: 'password' } } },
                { name: 'PGDATA', value: '/var/lib/postgresql/data/pgdata' },
              ],
              volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql/data' }],
            },
          ],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } },
        },
      ],
    },
  };
}

export interface ReviewParts {
  readonly operation?: string;
  readonly kind?: JsonObject;
  readonly object?: JsonObject | null;
  readonly oldObject?: JsonObject | null;
  readonly request?: JsonObject;
}

/** An AdmissionReview as kube-apiserver sends it; CREATE of a managed set unless `parts` say otherwise. */
export function reviewOf(parts: ReviewParts = {}): JsonObject {
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind: parts.kind ?? { group: 'apps', version: 'v1', kind: 'StatefulSet' },
      resource: { group: 'apps', version: 'v1', resource: 'statefulsets' },
      name: 'orders',
      namespace: 'shop',
      operation: parts.operation ?? 'CREATE',
      userInfo: { username: 'ada', groups: ['system:authenticated'] },
      object: parts.object === undefined ? managedSet() : parts.object,
      oldObject: parts.oldObject ?? null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
      ...parts.request,
    },
  };
}

/** What the webhook reads from that review. */
export function requestOf(parts: ReviewParts = {}): AdmissionRequest {
  const decoded = decodeReview(JSON.stringify(reviewOf(parts)));
  if (decoded.kind !== 'review') throw new Error(JSON.stringify(decoded));
  return decoded.request;
}
