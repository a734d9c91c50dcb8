import { describe, expect, test } from 'vitest';
import { unreadableFields } from '../../src/workload/unreadable-field.ts';
import type { Json, JsonObject } from '../../src/workload/json.ts';
import { readPostgresWorkload } from '../../src/workload/read-postgres-workload.ts';
import { readSettings } from '../../src/workload/read-settings.ts';
import { edited } from '../pinning/cluster.ts';
import { managedSet } from '../support/review.ts';

const pod = ['spec', 'template', 'spec'];
const server = [...pod, 'containers', 'postgres'];
const container = 'spec.template.spec.containers[postgres]';

function seenIn(object: JsonObject): readonly string[] {
  return unreadableFields(object).map(({ field, seen, wanted }) => `${field}: ${seen}; ${wanted}`);
}

describe('a field of another type is named', () => {
  test.each<[path: readonly string[], value: Json, said: string]>([
    [['metadata'], 'x', 'metadata: text; a map'],
    [['metadata', 'annotations'], [], 'metadata.annotations: a list; a map'],
    [['spec'], 3, 'spec: a number; a map'],
    [['spec', 'replicas'], '3', 'spec.replicas: text; a number'],
    [['spec', 'template'], true, 'spec.template: true; a map'],
    [['spec', 'template', 'metadata', 'annotations'], 'x', 'spec.template.metadata.annotations: text; a map'],
    [['spec', 'volumeClaimTemplates'], {}, 'spec.volumeClaimTemplates: a map; a list'],
    [['spec', 'volumeClaimTemplates'], [null], 'spec.volumeClaimTemplates[0]: null; a map'],
    [[...pod, 'volumes'], {}, 'spec.template.spec.volumes: a map; a list'],
    [[...pod, 'initContainers'], 'x', 'spec.template.spec.initContainers: text; a list'],
    [[...pod, 'containers'], ['x'], 'spec.template.spec.containers[0]: text; a map'],
    [
      [...pod, 'terminationGracePeriodSeconds'],
      '30',
      'spec.template.spec.terminationGracePeriodSeconds: text; a number',
    ],
    [[...server, 'env'], 'x', `${container}.env: text; a list`],
    [[...server, 'env', 'PGDATA', 'value'], 5, `${container}.env[PGDATA].value: a number; text; put it in quotes`],
    [[...server, 'args'], '-c x=1', `${container}.args: text; a list of texts`],
    [[...server, 'args'], ['-p', 5432], `${container}.args[1]: a number; text; put it in quotes`],
    [[...server, 'command'], [null], `${container}.command[0]: null; text; put it in quotes`],
    [[...server, 'volumeMounts'], {}, `${container}.volumeMounts: a map; a list`],
    [[...server, 'startupProbe'], 'x', `${container}.startupProbe: text; a map`],
    [[...server, 'ports'], [{ containerPort: '5432' }], `${container}.ports[].containerPort: text; a number`],
    [
      [...server, 'ports'],
      [{ name: 'pg', containerPort: 5432, protocol: 6 }],
      `${container}.ports[pg].protocol: a number; text; put it in quotes`,
    ],
    [
      [...server, 'readinessProbe'],
      { periodSeconds: '5' },
      `${container}.readinessProbe.periodSeconds: text; a number`,
    ],
    [[...server, 'securityContext'], { runAsUser: '999' }, `${container}.securityContext.runAsUser: text; a number`],
    [
      [...server, 'securityContext'],
      { readOnlyRootFilesystem: 'true' },
      `${container}.securityContext.readOnlyRootFilesystem: text; true or false, without quotes`,
    ],
    [
      [...server, 'volumeMounts'],
      [{ name: 'data', mountPath: '/var/lib/postgresql/data', readOnly: 'false' }],
      `${container}.volumeMounts[/var/lib/postgresql/data].readOnly: text; true or false, without quotes`,
    ],
    [[...pod, 'securityContext'], { fsGroup: '999' }, 'spec.template.spec.securityContext.fsGroup: text; a number'],
    [
      [...server, 'lifecycle'],
      { preStop: { exec: { command: 'sleep 5' } } },
      `${container}.lifecycle.preStop.exec.command: text; a list of texts`,
    ],
  ])('%j: %j', (path, value, said) => {
    const object = edited(managedSet(), path, value);
    expect(seenIn(object)).toEqual([said]);
    const workload = readPostgresWorkload(object, readSettings({ statefulset: {} }), 'shop');
    expect([workload.detection.kind, workload.server]).toEqual(['unreadable', undefined]);
  });
});

test('what is absent, null or of any size is read', () => {
  expect(seenIn({})).toEqual([]);
  expect(seenIn({ metadata: null, spec: { template: null, volumeClaimTemplates: null } })).toEqual([]);
  const nulls = ['env', 'args', 'command', 'ports', 'lifecycle', 'startupProbe', 'resources'];
  expect(nulls.flatMap((key) => seenIn(edited(managedSet(), [...server, key], null)))).toEqual([]);
  expect(seenIn(edited(managedSet(), [...server, 'env', 'PGDATA', 'value'], null))).toEqual([]);
  const port = { containerPort: 5432, hostPort: null, protocol: 'TCP', name: 'pg' };
  expect(seenIn(edited(managedSet(), [...server, 'ports'], [port]))).toEqual([]);
  const probe = { tcpSocket: { port: 'pg' }, periodSeconds: 5, failureThreshold: null };
  expect(seenIn(edited(managedSet(), [...server, 'readinessProbe'], probe))).toEqual([]);
  expect(seenIn(edited(managedSet(), ['spec', 'replicas'], JSON.rawJSON('99999999999999999999')))).toEqual([]);
});
