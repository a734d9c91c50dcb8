import type { JsonObject } from '../../src/workload/json.ts';

/** A StatefulSet as users write it, with what the apiserver fills in before a webhook sees it. */
export const file: JsonObject = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: {
    name: 'orders',
    namespace: 'shop',
    labels: { app: 'orders', 'postgres.io/managed': 'true' },
    annotations: { 'postgres.io/backup-keep': '5' },
  },
  spec: {
    serviceName: 'orders',
    replicas: 1,
    selector: { matchLabels: { app: 'orders' } },
    template: {
      metadata: { labels: { app: 'orders' } },
      spec: {
        terminationGracePeriodSeconds: 30,
        containers: [
          {
            name: 'postgres',
            image: 'postgres:17.6',
            imagePullPolicy: 'IfNotPresent',
            args: ['-c', 'shared_buffers=1GB'],
            env: [{ name: 'POSTGRES_PASSWORD', valueFrom: { secretKeyRef: { name: 'orders', key: 'password' } } }],
            lifecycle: { preStop: { exec: { command: ['/bin/deregister', 'orders'] } } },
            ports: [{ containerPort: 9187, name: 'metrics', protocol: 'TCP' }],
            volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql/data' }],
          },
          { name: 'exporter', image: 'quay.io/prometheuscommunity/postgres-exporter:v0.17.1' },
        ],
      },
    },
    volumeClaimTemplates: [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'data' },
        spec: {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '10Gi' } },
          volumeMode: 'Filesystem',
        },
        status: { phase: 'Pending' },
      },
    ],
  },
};

export const template = ['spec', 'template'];
export const server = [...template, 'spec', 'containers', 'postgres'];
export const sidecar = [...template, 'spec', 'initContainers', 'pgusher-backup'];

export function annotation(name: string): string[] {
  return ['metadata', 'annotations', `postgres.io/${name}`];
}
