import type { JsonObject } from '../../../src/workload/json.ts';
import type { PostgresWorkload } from '../../../src/workload/postgres-workload.ts';
import { readPostgresWorkload } from '../../../src/workload/read-postgres-workload.ts';
import { readSettings } from '../../../src/workload/read-settings.ts';

export interface Manifest {
  /** Without the prefix. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Merged into a stock server container. */
  readonly container?: JsonObject;
  /** Merged into the pod's spec. */
  readonly pod?: JsonObject;
  /** Merged into the StatefulSet's spec. */
  readonly spec?: JsonObject;
}

/** The stock manifest: postgres 17 with its volume where the image keeps its data, changed as a test wants it. */
export function workload({ settings = {}, container = {}, pod = {}, spec = {} }: Manifest = {}): PostgresWorkload {
  const annotations = Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`postgres.io/${name}`, value]),
  );
  const object: JsonObject = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'orders', namespace: 'shop', labels: { 'postgres.io/managed': 'true' }, annotations },
    spec: {
      serviceName: 'orders',
      template: {
        spec: {
          containers: [
            {
              name: 'postgres',
              image: 'postgres:17.6-bookworm',
              env: [{ name: 'POSTGRES_PASSWORD', valueFrom: { secretKeyRef: { name: 'orders-db', key: 'password' } } }],
              volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql/data' }],
              ...container,
            },
          ],
          ...pod,
        },
      },
      volumeClaimTemplates: [dataTemplate('10Gi')],
      ...spec,
    },
  };
  const read = readSettings({ statefulset: annotations });
  if (read.problems.length > 0) throw new Error(`a test with bad settings: ${JSON.stringify(read.problems)}`);
  return readPostgresWorkload(object, read, 'shop');
}

export function dataTemplate(storage: string, storageClassName?: string): JsonObject {
  return {
    metadata: { name: 'data' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage } },
      ...(storageClassName === undefined ? {} : { storageClassName }),
    },
  };
}
