import { describe, expect, it } from 'vitest';
import { dumpCronJob } from '../../src/commands/dump-cronjob.ts';
import type { DumpClaim, DumpCronJobRequest } from '../../src/commands/dump-cronjob.ts';
import { objectAt } from '../../src/workload/json.ts';
import type { JsonObject } from '../../src/workload/json.ts';

const password = { secretKeyRef: { name: 'orders', key: 'password' } };

function set(change: { env?: readonly JsonObject[]; replicas?: number; service?: string | null } = {}): JsonObject {
  const contract = { serverPort: 5433, service: change.service === undefined ? 'orders.shop.svc' : change.service };
  const env = change.env ?? [
    { name: 'PGUSHER_CONTRACT', value: JSON.stringify(contract) },
    { name: 'PGUSHER_USER', value: 'admin' },
    { name: 'PGUSHER_PASSWORD', valueFrom: password },
  ];
  return {
    spec: {
      replicas: change.replicas ?? 1,
      template: { spec: { initContainers: [{ name: 'pgusher-backup', image: 'agent:1', env }] } },
    },
  };
}

function claim(modes: readonly string[] | null, pods: readonly JsonObject[] = []): DumpClaim {
  return {
    name: 'dumps',
    object: modes === null ? null : { spec: { accessModes: modes } },
    pods,
    storage: null,
  };
}

function pod(name: string, node: string, kind = 'StatefulSet', owner = 'toolbox'): JsonObject {
  return {
    metadata: {
      name,
      labels: kind === 'StatefulSet' ? { 'statefulset.kubernetes.io/pod-name': name } : { app: owner },
      ownerReferences: [{ kind, name: owner }],
    },
    spec: { nodeName: node },
  };
}

function printed(change: Partial<DumpCronJobRequest> = {}): readonly JsonObject[] | string {
  return dumpCronJob({
    namespace: 'shop',
    set: 'orders',
    object: set(),
    hasService: true,
    claim: claim(['ReadWriteOnce']),
    host: null,
    schedule: '0 1 * * *',
    timeZone: 'Europe/Berlin',
    image: null,
    keep: 7,
    format: 'directory',
    jobs: 2,
    rolePasswords: true,
    limit: 3600,
    ...change,
  });
}

const affinityOf = (objects: readonly JsonObject[] | string): unknown =>
  typeof objects === 'string'
    ? objects
    : objectAt(
        objectAt(objectAt(objectAt(objectAt(objects.at(-1), 'spec'), 'jobTemplate'), 'spec'), 'template'),
        'spec',
      )['affinity'];

describe('the CronJob of dumps', () => {
  it('has schedule, Forbid, deadlines, limits, no root, and the login of the set by reference', () => {
    expect(printed()).toMatchInlineSnapshot(`
      [
        {
          "apiVersion": "batch/v1",
          "kind": "CronJob",
          "metadata": {
            "labels": {
              "app.kubernetes.io/instance": "orders",
              "app.kubernetes.io/name": "pgusher-dump",
            },
            "name": "orders-dump",
            "namespace": "shop",
          },
          "spec": {
            "concurrencyPolicy": "Forbid",
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {
              "spec": {
                "activeDeadlineSeconds": 3600,
                "backoffLimit": 1,
                "template": {
                  "metadata": {
                    "labels": {
                      "app.kubernetes.io/instance": "orders",
                      "app.kubernetes.io/name": "pgusher-dump",
                    },
                  },
                  "spec": {
                    "automountServiceAccountToken": false,
                    "containers": [
                      {
                        "args": [
                          "dump",
                          "--to",
                          "/dumps/orders",
                          "--format",
                          "directory",
                          "--jobs",
                          "2",
                          "--keep",
                          "7",
                        ],
                        "env": [
                          {
                            "name": "PGHOST",
                            "value": "orders-0.orders.shop.svc",
                          },
                          {
                            "name": "PGPORT",
                            "value": "5433",
                          },
                          {
                            "name": "PGUSER",
                            "value": "admin",
                          },
                          {
                            "name": "PGPASSWORD",
                            "valueFrom": {
                              "secretKeyRef": {
                                "key": "password",
                                "name": "orders",
                              },
                            },
                          },
                          {
                            "name": "HOME",
                            "value": "/tmp",
                          },
                        ],
                        "image": "agent:1",
                        "name": "dump",
                        "resources": {
                          "limits": {
                            "memory": "512Mi",
                          },
                          "requests": {
                            "cpu": "100m",
                            "memory": "256Mi",
                          },
                        },
                        "securityContext": {
                          "allowPrivilegeEscalation": false,
                          "capabilities": {
                            "drop": [
                              "ALL",
                            ],
                          },
                          "readOnlyRootFilesystem": true,
                        },
                        "volumeMounts": [
                          {
                            "mountPath": "/dumps",
                            "name": "dumps",
                          },
                          {
                            "mountPath": "/tmp",
                            "name": "tmp",
                          },
                        ],
                      },
                    ],
                    "restartPolicy": "Never",
                    "securityContext": {
                      "fsGroup": 65532,
                      "fsGroupChangePolicy": "OnRootMismatch",
                      "runAsGroup": 65532,
                      "runAsNonRoot": true,
                      "runAsUser": 65532,
                      "seccompProfile": {
                        "type": "RuntimeDefault",
                      },
                    },
                    "terminationGracePeriodSeconds": 60,
                    "volumes": [
                      {
                        "name": "dumps",
                        "persistentVolumeClaim": {
                          "claimName": "dumps",
                        },
                      },
                      {
                        "emptyDir": {
                          "sizeLimit": "64Mi",
                        },
                        "name": "tmp",
                      },
                    ],
                  },
                },
              },
            },
            "schedule": "0 1 * * *",
            "startingDeadlineSeconds": 3600,
            "successfulJobsHistoryLimit": 1,
            "timeZone": "Europe/Berlin",
          },
        },
      ]
    `);
  });

  it('comes with its claim where that is not there', () => {
    const storage = { size: '10Gi', storageClass: 'slow' };
    expect(printed({ claim: { ...claim(null), storage } })).toMatchObject([
      {
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'dumps', namespace: 'shop' },
        spec: {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '10Gi' } },
          storageClassName: 'slow',
        },
      },
      { kind: 'CronJob' },
    ]);
    expect(printed({ claim: claim(null) })).toBe(
      'there is no claim dumps in shop; wanted one, or --storage SIZE, which prints it too',
    );
  });

  it('goes where the claim is', () => {
    const beside = (name: string): unknown => ({
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          {
            topologyKey: 'kubernetes.io/hostname',
            labelSelector: { matchLabels: { 'statefulset.kubernetes.io/pod-name': name } },
          },
        ],
      },
    });
    expect(affinityOf(printed({ claim: claim(['ReadWriteOnce'], [pod('toolbox-0', 'n1')]) }))).toEqual(
      beside('toolbox-0'),
    );
    expect(
      affinityOf(printed({ claim: claim(['ReadWriteMany'], [pod('a-0', 'n1'), pod('b-0', 'n2')]) })),
    ).toBeUndefined();
    // Its own last run does not count.
    expect(
      affinityOf(printed({ claim: claim(['ReadWriteOnce'], [pod('x', 'n1', 'Job', 'orders-dump-29001')]) })),
    ).toBeUndefined();
  });

  it.each([
    [
      ['ReadWriteOnce'],
      [pod('a-0', 'n1'), pod('b-0', 'n2')],
      /for one node at a time, and a-0, b-0 have it: .*"Multi-Attach error for volume"; wanted a claim of its own/,
    ],
    [['ReadWriteOnce'], [pod('web', 'n1', 'ReplicaSet')], /and web has it: .*Multi-Attach/],
    [['ReadWriteOncePod'], [pod('a-0', 'n1')], /is ReadWriteOncePod, and a-0 has it: the Job would wait for ever/],
    [['ReadWriteOnce'], [pod('orders-0', 'n1', 'StatefulSet', 'orders')], /is one of the set's own \(orders-0\)/],
  ] as const)('is refused where %j of %j keeps it from its claim', (modes, pods, words) => {
    expect(printed({ claim: claim(modes, pods) })).toMatch(words);
  });

  it('is refused where nothing says where the primary is, or the password is written out', () => {
    expect(printed({ object: set({ replicas: 2 }) })).toMatch(/wanted --host with the Service/);
    expect(printed({ object: set({ service: null }) })).toMatch(/wanted --host with the Service/);
    expect(printed({ hasService: false })).toMatch(/its governing Service is not there; wanted --host/);
    expect(printed({ object: set({ replicas: 2 }), host: 'orders-rw' })).toHaveLength(1);
    expect(printed({ object: set({ env: [{ name: 'PGUSHER_CONTRACT', value: '{}' }] }) })).toMatch(
      /is not from a key of a Secret/,
    );
  });
});
