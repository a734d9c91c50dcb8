import { describe, expect, it } from 'vitest';
import { drillPod } from '../../src/drill/drill-pod.ts';
import type { Drill, DrillRequest } from '../../src/drill/drill-pod.ts';
import type { JsonObject } from '../../src/workload/json.ts';

const claim = (mode: string, size = '1Gi'): JsonObject => ({
  spec: {
    accessModes: [mode],
    volumeName: 'pv-1',
    storageClassName: 'fast',
    resources: { requests: { storage: size } },
  },
});

const request: DrillRequest = {
  set: 'orders',
  namespace: 'shop',
  server: 'postgres',
  claim: 'pgusher-backup-orders-0',
  node: 'node-7',
  limit: 600,
  existing: new Map([['pgusher-backup-orders-0', claim('ReadWriteOnce')]]),
};

const server: JsonObject = {
  name: 'postgres',
  image: 'postgres:17',
  args: ['postgres', '-c', 'huge_pages=off'],
  ports: [{ containerPort: 5432, hostPort: 5432 }],
  lifecycle: { preStop: { exec: { command: ['sh', '/pgusher/bin/pre-stop.sh'] } } },
};

/** What the webhook makes of a set, as far as a drill looks at it. */
function injected(pod: JsonObject = {}, spec: JsonObject = {}): JsonObject {
  return {
    spec: {
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim('ReadWriteOnce', '5Gi')['spec'] as JsonObject }],
      ...spec,
      template: {
        metadata: { labels: { app: 'orders' } },
        spec: {
          priorityClassName: 'important',
          topologySpreadConstraints: [{ maxSkew: 1 }],
          affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [] } },
          initContainers: [{ name: 'pgusher-restore' }],
          containers: [server, { name: 'pusher-of-metrics' }],
          volumes: [
            { name: 'pgusher-source', persistentVolumeClaim: { claimName: 'pgusher-backup-orders-0' } },
            { name: 'pgusher', emptyDir: { medium: 'Memory' } },
          ],
          ...pod,
        },
      },
    },
  };
}

function made(object: JsonObject, more: Partial<DrillRequest> = {}): Drill {
  const drill = drillPod(object, { ...request, ...more });
  if (typeof drill === 'string') throw new Error(drill);
  return drill;
}

describe('the pod of a drill', () => {
  it('is the server and what is injected, on claims of its own, where the backups can be mounted', () => {
    expect(made(injected())).toEqual({
      pod: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name: 'orders-drill-0',
          namespace: 'shop',
          labels: { 'postgres.io/drill-of': 'orders', 'app.kubernetes.io/managed-by': 'pgusher' },
        },
        spec: {
          restartPolicy: 'Never',
          activeDeadlineSeconds: 600,
          terminationGracePeriodSeconds: 5,
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-7'] }] }],
              },
            },
          },
          initContainers: [{ name: 'pgusher-restore' }],
          containers: [
            {
              name: 'postgres',
              image: 'postgres:17',
              args: [
                ...['postgres', '-c', 'huge_pages=off', '-c', 'archive_mode=off'],
                ...['-c', 'max_logical_replication_workers=0', '-c', 'cron.launch_active_jobs=off'],
              ],
              ports: [{ containerPort: 5432 }],
            },
          ],
          volumes: [
            { name: 'data', persistentVolumeClaim: { claimName: 'data-orders-drill-0' } },
            {
              name: 'pgusher-source',
              persistentVolumeClaim: { claimName: 'pgusher-backup-orders-0', readOnly: true },
            },
            { name: 'pgusher', emptyDir: { medium: 'Memory' } },
          ],
        },
      },
      claims: [
        {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: {
            name: 'data-orders-drill-0',
            namespace: 'shop',
            labels: { 'postgres.io/drill-of': 'orders', 'app.kubernetes.io/managed-by': 'pgusher' },
          },
          spec: {
            accessModes: ['ReadWriteOnce'],
            storageClassName: 'fast',
            resources: { requests: { storage: '5Gi' } },
          },
        },
      ],
    });
  });

  it('goes anywhere where the backups can be mounted anywhere, or nobody mounts them', () => {
    const anywhere = new Map([[request.claim, claim('ReadWriteMany')]]);
    expect(made(injected(), { existing: anywhere }).pod['spec']).toMatchObject({ affinity: {} });
    expect(made(injected(), { node: null }).pod['spec']).toMatchObject({ affinity: {} });
  });

  it('never mounts a claim that the set names itself', () => {
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'old-disk' } }];
    const existing = new Map([...request.existing, ['old-disk', claim('ReadWriteOnce', '80Gi')] as const]);
    const drill = made(injected({ volumes }, { volumeClaimTemplates: [] }), { existing });
    expect(drill.pod['spec']).toMatchObject({
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-orders-drill-0' } }],
    });
    expect(drill.claims[0]?.['spec']).toEqual({
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'fast',
      resources: { requests: { storage: '80Gi' } },
    });
  });
});

describe('no drill', () => {
  it.each<readonly [string, JsonObject, Partial<DrillRequest>]>([
    ['use the network of the node', injected({ hostNetwork: true }), {}],
    ['its volume data is hostPath', injected({ volumes: [{ name: 'data', hostPath: { path: '/db' } }] }), {}],
    [
      'claim old-disk cannot be read',
      injected({ volumes: [{ name: 'disk', persistentVolumeClaim: { claimName: 'old-disk' } }] }),
      {},
    ],
    [
      'is started by a script',
      injected({ containers: [{ ...server, command: ['sh', '-c', 'exec postgres'], args: [] }] }),
      {},
    ],
    ['which is ReadWriteOncePod', injected(), { existing: new Map([[request.claim, claim('ReadWriteOncePod')]]) }],
    ["the webhook's answer has no container postgres", injected({ containers: [] }), {}],
  ])('%s', (words, object, more) => {
    // A claim template would stand for the volume of its name.
    const spec = { ...(object['spec'] as JsonObject), volumeClaimTemplates: [] };
    expect(drillPod({ spec }, { ...request, ...more })).toContain(words);
  });
});
