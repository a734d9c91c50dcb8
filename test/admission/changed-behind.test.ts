import { expect, test } from 'vitest';
import type { AdmissionRequest } from '../../src/admission/admission.ts';
import { mutate } from '../../src/admission/mutate.ts';
import { decodeReview } from '../../src/admission/review.ts';
import { validate } from '../../src/admission/validate.ts';
import { applyOperations } from '../../src/plan/json-patch.ts';
import type { Json, JsonObject } from '../../src/workload/json.ts';
import { isObject } from '../../src/workload/json.ts';
import { edited } from '../pinning/cluster.ts';
import { file, server, sidecar, template } from '../pinning/database.ts';
import { plainContext, reviewOf } from '../support/review.ts';

function requestOf(object: JsonObject): AdmissionRequest {
  const decoded = decodeReview(JSON.stringify(reviewOf({ operation: 'CREATE', object, oldObject: null })));
  if (decoded.kind === 'malformed') throw new Error(decoded.message);
  return decoded.request;
}

function injectedInto(object: JsonObject): JsonObject {
  const result: Json = applyOperations(object, mutate(requestOf(object), plainContext).operations);
  if (!isObject(result)) throw new Error('the patch makes no object');
  return result;
}

const injected = injectedInto(file);
const saidAbout = (object: JsonObject): readonly string[] =>
  validate(requestOf(object), plainContext)
    .findings.filter(({ check }) => check === 'injection-missing')
    .map(({ field, message }) => `${field}: ${message}`);

const resources = [...sidecar, 'resources'];
const initialisation = [...template, 'spec', 'initContainers', 'pgusher-initdb'];

test.each<readonly [string, readonly string[], Json]>([
  ['a request of cpu is raised', [...resources, 'requests', 'cpu'], '500m'],
  ['a limit of memory is raised', [...resources, 'limits', 'memory'], '1Gi'],
  ['one more resource is asked for', [...resources, 'requests', 'ephemeral-storage'], '1Gi'],
  ['/dev/shm is larger', [...template, 'spec', 'volumes', 'pgusher-shm', 'emptyDir', 'sizeLimit'], '1Gi'],
])('what a policy gives is let through: %s', (_what, path, value) => {
  expect(saidAbout(edited(injected, path, value))).toEqual([]);
});

test('what it takes is refused with the field and both values', () => {
  expect(saidAbout(edited(injected, [...resources, 'limits', 'memory'], '128Mi'))).toEqual([
    'spec.template.spec.initContainers[pgusher-backup].resources.limits.memory: it is "128Mi", and pgusher injected "256Mi"; wanted that untouched. Another webhook or a policy changes it behind pgusher: exempt the set there, or write postgres.io/agent-memory: "128Mi".',
  ]);
  expect(saidAbout(edited(injected, [...initialisation, 'image'], 'mirror.example/postgres:17.6'))).toEqual([
    'spec.template.spec.initContainers[pgusher-initdb].image: it is "mirror.example/postgres:17.6", and pgusher injected "postgres:17.6"; wanted that untouched. Another webhook or a policy changes it behind pgusher: exempt the set there.',
  ]);
});

test('what is taken out altogether is refused as before', () => {
  expect(saidAbout(edited(injected, [...sidecar, 'restartPolicy'], undefined))).toEqual([
    'spec.template: init container pgusher-backup is missing or not as pgusher injected it; wanted it untouched. Another webhook changes it behind pgusher: exempt the set there.',
  ]);
});

/** The apiserver drops such a field between the two webhooks, from what the user wrote and from what was copied of it. */
test.each<readonly [string, readonly string[], Json, string]>([
  [
    'bindMountOptions',
    [...server, 'volumeMounts'],
    [{ name: 'data', mountPath: '/var/lib/postgresql/data', bindMountOptions: ['nosuid'] }],
    ',"bindMountOptions":["nosuid"]',
  ],
  [
    'recursiveReadOnly',
    [...server, 'volumeMounts'],
    [
      { name: 'data', mountPath: '/var/lib/postgresql/data' },
      { name: 'config', mountPath: '/etc/orders', readOnly: true, recursiveReadOnly: 'Enabled' },
    ],
    ',"recursiveReadOnly":"Enabled"',
  ],
  [
    'claims of the resources',
    [...server, 'resources'],
    { limits: { memory: '1Gi' }, claims: [{ name: 'gpu' }] },
    ',"claims":[{"name":"gpu"}]',
  ],
  [
    'resources of the pod',
    [...template, 'spec', 'resources'],
    { limits: { cpu: '2', memory: '2Gi' } },
    ',"resources":{"limits":{"cpu":"2","memory":"2Gi"}}',
  ],
])("a field that the cluster has switched off is nobody's fault: %s", (_what, path, value, dropped) => {
  const seen = injectedInto(edited(file, path, value));
  const text = JSON.stringify(seen);
  expect(text).toContain(dropped);
  const stored: unknown = JSON.parse(text.replaceAll(dropped, ''));
  expect(isObject(stored) ? saidAbout(stored) : ['no object']).toEqual([]);
});

test("what the agent would refuse is said by both doors, and is nobody's failure: a set that lost its name", () => {
  // Changed behind us as well: only then the second door renders anew.
  const nameless = edited(edited(injected, [...resources, 'limits', 'memory'], '1Gi'), ['metadata', 'name'], '');
  const said = [mutate, validate].map((door) => {
    const { allowed, findings } = door(requestOf(nameless), plainContext);
    return [allowed, findings.find(({ check }) => check === 'agent-contract')?.field];
  });
  expect(said).toEqual([
    [false, 'metadata.name'],
    [false, 'metadata.name'],
  ]);
});
