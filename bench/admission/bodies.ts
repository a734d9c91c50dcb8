import { answerReview } from '../../src/admission/handler.ts';
import type { AdmissionContext } from '../../src/admission/admission.ts';
import { mutate } from '../../src/admission/mutate.ts';
import { decodeReview } from '../../src/admission/review.ts';
import { noPolicy } from '../../src/checks/policy.ts';
import { noFacts } from '../../src/workload/fact-table.ts';
import { objectAt } from '../../src/workload/json.ts';
import type { JsonObject } from '../../src/workload/json.ts';

/** Reviews as kube-apiserver sends them. */
export interface BenchBody {
  readonly name: string;
  readonly webhook: 'mutate' | 'validate';
  /** Sent in turn, over and over. */
  readonly bodies: readonly string[];
  /** Size of our answer, which the bare server answers too. */
  readonly answerSize: number;
}

const context: AdmissionContext = {
  clusterSettings: {},
  policy: noPolicy,
  withRollout: false,
  namespaceAnnotations: () => undefined,
  namespaceIsEnding: () => undefined,
  facts: noFacts,
  today: '2026-11-21',
};

/** Several times what the webhook remembers answers to (src/admission/answer-memory.ts), so that it works out each of them. */
const names = 1000;

/** The bodies of the table, each with the size of its answer. */
export function benchBodies(): readonly BenchBody[] {
  const created = review('CREATE', statefulSet());
  const stored = admitted(created);
  return [
    named('CREATE 7.5 KB', created),
    named(
      'CREATE 7.5 KB, every object another name',
      ...Array.from({ length: names }, (_, index) => {
        const name = `orders-${String(index).padStart(3, '0')}`;
        return review('CREATE', statefulSet({ name }), null, name);
      }),
    ),
    named('UPDATE with carry-forward', review('UPDATE', withLabel(stored, 'team', 'payments'), stored)),
    named('unlabelled', review('CREATE', statefulSet({ labels: { app: 'orders' } }))),
    named('denied', review('CREATE', statefulSet({ password: { value: 'not-a-secret' } }))),
    named('100 KB', review('CREATE', statefulSet({ managers: 46 }))),
    named('1 MB', review('CREATE', statefulSet({ managers: 475 }))),
    // The apiserver asks about what the first webhook made of it.
    validated('/validate of that CREATE', review('CREATE', stored)),
    validated(
      '/validate, every object another name',
      ...Array.from({ length: names }, (_, index) => {
        const name = `orders-${String(index).padStart(3, '0')}`;
        return review('CREATE', admitted(review('CREATE', statefulSet({ name }), null, name)), null, name);
      }),
    ),
  ];
}

function named(name: string, ...bodies: readonly string[]): BenchBody {
  return answered('mutate', name, bodies);
}

function validated(name: string, ...bodies: readonly string[]): BenchBody {
  return answered('validate', name, bodies);
}

function answered(webhook: BenchBody['webhook'], name: string, bodies: readonly string[]): BenchBody {
  const answer = answerReview(webhook, bodies[0] ?? '', context);
  return {
    name,
    webhook,
    bodies,
    answerSize: answer.kind === 'reviewed' ? Buffer.byteLength(answer.body) : fail(name),
  };
}

function admitted(body: string): JsonObject {
  const decoded = decodeReview(body);
  const verdict = decoded.kind === 'review' ? mutate(decoded.request, context) : undefined;
  return verdict?.allowed === true ? (verdict.object ?? fail('CREATE')) : fail('CREATE');
}

function fail(name: string): never {
  throw new Error(`the body "${name}" of the bench is not answered`);
}

function withLabel(object: JsonObject, name: string, value: string): JsonObject {
  const metadata = objectAt(object, 'metadata');
  return { ...object, metadata: { ...metadata, labels: { ...objectAt(metadata, 'labels'), [name]: value } } };
}

interface Variation {
  readonly name?: string;
  readonly labels?: JsonObject;
  readonly password?: JsonObject;
  /** Entries in managedFields, of about 2 KB each: what makes real objects big. */
  readonly managers?: number;
}

/** Defaulted, as the apiserver sends it, with the manifest that kubectl apply keeps in an annotation. */
function statefulSet({ name = 'orders', labels, password, managers = 1 }: Variation = {}): JsonObject {
  const objectLabels = labels ?? { app: 'orders', 'postgres.io/managed': 'true' };
  const spec = {
    replicas: 1,
    selector: { matchLabels: { app: 'orders' } },
    serviceName: name,
    podManagementPolicy: 'OrderedReady',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    revisionHistoryLimit: 10,
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    template: {
      metadata: { creationTimestamp: null, labels: { app: 'orders' } },
      spec: {
        containers: [
          {
            name: 'postgres',
            image: 'postgres:17.6-bookworm',
            args: ['-c', 'shared_buffers=1GB', '-c', 'max_connections=200'],
            env: [
              { name: 'POSTGRES_USER', value: 'orders' },
              {
                name: 'POSTGRES_PASSWORD',
                ...(password ?? { valueFrom: { secretKeyRef: { name: 'orders', key: 'password' } } }),
              },
              { name: 'PGDATA', value: '/var/lib/postgresql/data/pgdata' },
            ],
            ports: [{ name: 'postgres', containerPort: 5432, protocol: 'TCP' }],
            readinessProbe: {
              exec: { command: ['pg_isready', '-U', 'orders'] },
              timeoutSeconds: 1,
              periodSeconds: 10,
              successThreshold: 1,
              failureThreshold: 3,
            },
            resources: { limits: { memory: '4Gi' }, requests: { cpu: '1', memory: '4Gi' } },
            terminationMessagePath: '/dev/termination-log',
            terminationMessagePolicy: 'File',
            imagePullPolicy: 'IfNotPresent',
            volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql/data' }],
          },
          {
            name: 'exporter',
            image: 'quay.io/prometheuscommunity/postgres-exporter:v0.17.1',
            env: [{ name: 'DATA_SOURCE_URI', value: 'localhost:5432/orders?sslmode=disable' }],
            ports: [{ name: 'metrics', containerPort: 9187, protocol: 'TCP' }],
            resources: {},
            terminationMessagePath: '/dev/termination-log',
            terminationMessagePolicy: 'File',
            imagePullPolicy: 'IfNotPresent',
          },
        ],
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 60,
        dnsPolicy: 'ClusterFirst',
        securityContext: {},
        schedulerName: 'default-scheduler',
      },
    },
    volumeClaimTemplates: [
      {
        kind: 'PersistentVolumeClaim',
        apiVersion: 'v1',
        metadata: { name: 'data', creationTimestamp: null },
        spec: {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '50Gi' } },
          storageClassName: 'fast',
          volumeMode: 'Filesystem',
        },
        status: { phase: 'Pending' },
      },
    ],
  };
  return {
    kind: 'StatefulSet',
    apiVersion: 'apps/v1',
    metadata: {
      name,
      namespace: 'shop',
      uid: '5d6cf0a4-3a53-4a43-8e32-6f1f5f0a7a11',
      creationTimestamp: '2026-11-21T06:00:00Z',
      labels: objectLabels,
      annotations: {
        'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({
          apiVersion: 'apps/v1',
          kind: 'StatefulSet',
          spec,
        }),
        'postgres.io/backup-keep': '14',
      },
      managedFields: Array.from({ length: managers }, (_, index) => manager(index)),
    },
    spec,
    status: { replicas: 0, availableReplicas: 0 },
  };
}

function manager(index: number): JsonObject {
  const field = (name: string): [string, JsonObject] => [`f:${name}`, {}];
  const container = Object.fromEntries(
    ['args', 'env', 'image', 'imagePullPolicy', 'name', 'ports', 'resources', 'volumeMounts'].map(field),
  );
  return {
    manager: `kubectl-client-side-apply-${String(index)}`,
    operation: 'Update',
    apiVersion: 'apps/v1',
    time: '2026-11-21T06:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: {
      'f:metadata': { 'f:annotations': { '.': {}, 'f:kubectl.kubernetes.io/last-applied-configuration': {} } },
      'f:spec': {
        'f:replicas': {},
        'f:template': {
          'f:spec': Object.fromEntries(
            Array.from({ length: 9 }, (_, container_) => [`k:{"name":"container-${String(container_)}"}`, container]),
          ),
        },
      },
    },
  };
}

function review(
  operation: 'CREATE' | 'UPDATE',
  object: JsonObject,
  oldObject: JsonObject | null = null,
  name = 'orders',
): string {
  return JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind: { group: 'apps', version: 'v1', kind: 'StatefulSet' },
      resource: { group: 'apps', version: 'v1', resource: 'statefulsets' },
      requestKind: { group: 'apps', version: 'v1', kind: 'StatefulSet' },
      requestResource: { group: 'apps', version: 'v1', resource: 'statefulsets' },
      name,
      namespace: 'shop',
      operation,
      userInfo: {
        username: 'system:serviceaccount:deployments:deployer',
        uid: 'a1b2c3d4-0000-4000-8000-000000000000',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:deployments', 'system:authenticated'],
        extra: { 'authentication.kubernetes.io/credential-id': ['JTI=0d6f1b1c-3c9a-4e0e-b7a5-1c2d3e4f5a6b'] },
      },
      object,
      oldObject,
      dryRun: false,
      options: {
        kind: `${operation === 'CREATE' ? 'Create' : 'Update'}Options`,
        apiVersion: 'meta.k8s.io/v1',
        fieldManager: 'kubectl-client-side-apply',
      },
    },
  });
}
