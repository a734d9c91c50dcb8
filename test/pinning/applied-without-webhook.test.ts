import { expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/workload/json.ts';
import { listAt, objectAt } from '../../src/workload/json.ts';
import { admit, afterApply, at, edited, laterWebhook } from './cluster.ts';
import { annotation, file, server, sidecar, template } from './database.ts';

/**
 * `pgusher inject | kubectl apply` where no webhook is: the apiserver fills in, rewrites or drops what the file says, in the user's container and
 * in what was copied from it. Neither is a change: the first row of docs/pinning.md.
 */
const cases: readonly (readonly [
  why: string,
  path: string,
  written: Json,
  rewrites: readonly (readonly [string, string])[],
])[] = [
  [
    'fieldRef gets its apiVersion',
    'env',
    [...listAt(serverOf(file), 'env'), { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
    [['"fieldRef":{"fieldPath"', '"fieldRef":{"apiVersion":"v1","fieldPath"']],
  ],
  [
    'resourceFieldRef gets its divisor',
    'env',
    [...listAt(serverOf(file), 'env'), { name: 'M', valueFrom: { resourceFieldRef: { resource: 'limits.memory' } } }],
    [['"resourceFieldRef":{"resource"', '"resourceFieldRef":{"divisor":"0","resource"']],
  ],
  [
    'fileKeyRef gets optional: false',
    'env',
    [{ name: 'POSTGRES_PASSWORD', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'p', key: 'k' } } }],
    [['"path":"p","key":"k"}', '"path":"p","key":"k","optional":false}']],
  ],
  [
    'quantities are made canonical',
    'resources',
    { limits: { cpu: '1000m', memory: '1024Mi' }, requests: { cpu: 0.5, memory: '1024Mi' } },
    [
      ['"1000m"', '"1"'],
      ['"1024Mi"', '"1Gi"'],
      ['"cpu":0.5', '"cpu":"500m"'],
    ],
  ],
  [
    'a field of a mount that the cluster has switched off is dropped',
    'volumeMounts',
    [{ name: 'data', mountPath: '/var/lib/postgresql/data', bindMountOptions: ['nosuid'] }],
    [[',"bindMountOptions":["nosuid"]', '']],
  ],
  [
    'a field of the security context that the cluster has switched off is dropped',
    'securityContext',
    { runAsUser: 999, procMount: 'Default', seccompProfile: { type: 'RuntimeDefault' } },
    [[',"procMount":"Default"', '']],
  ],
  [
    'a port gets its protocol, and an image its pull policy',
    'ports',
    [{ containerPort: 5432 }],
    [['{"containerPort":5432}', '{"containerPort":5432,"protocol":"TCP"}']],
  ],
];

test.each(cases)('%s: a label restarts nothing, whatever version runs by then', (_why, key, value, rewrites) => {
  const written = withoutPullPolicy(edited(file, [...server, key], value));
  const byCommandLine = admit(written).object;
  const live = rewritten(byCommandLine, rewrites);
  for (const [path, given] of [
    [['metadata', 'labels', 'a'], 'b'],
    [['spec', 'replicas'], 2],
  ] as const) {
    const labelled = admit(edited(live, path, given), live, laterWebhook);
    expect(labelled.warnings.filter((warning) => warning.includes('restarts'))).toEqual([
      `injected by 0.1.0, 0.2.0 is available; write postgres.io/injection-version: latest (restarts the pods)`,
    ]);
    expect(at(labelled.stored, template)).toEqual(at(live, template));
  }
});

test.each(cases)(
  '%s: the file and what inject made of it, applied in turn, restart nothing',
  (_why, key, value, rewrites) => {
    const written = withoutPullPolicy(edited(file, [...server, key], value));
    const byCommandLine = admit(written).object;
    const live = rewritten(byCommandLine, rewrites);
    const seen = rewritten(written, rewrites);
    const own = admit(afterApply(live, seen), live).stored;
    expect(at(own, template)).toEqual(at(live, template));
    const again = admit(afterApply(own, rewritten(byCommandLine, rewrites)), own).stored;
    expect(at(again, template)).toEqual(at(live, template));
  },
);

/** On Kubernetes without dynamic resource allocation; both the server's and our copy are rid of it. */
test('a field that was copied and dropped costs no restart at the next edit', () => {
  const resources = { limits: { memory: '1Gi' }, claims: [{ name: 'gpu' }] };
  const live = rewritten(admit(edited(file, [...server, 'resources'], resources)).object, [
    [',"claims":[{"name":"gpu"}]', ''],
  ]);
  const labelled = admit(edited(live, ['metadata', 'labels', 'a'], 'b'), live);
  expect(at(labelled.stored, template)).toEqual(at(live, template));
  expect(labelled.warnings).toEqual([]);
});

test('what the render asks for still counts as changed: the memory of the pod', () => {
  const live = admit(file).stored;
  const path = [...template, 'spec', 'resources'];
  const changed = admit(edited(live, path, { limits: { cpu: '2', memory: '2Gi' } }), live);
  expect(changed.decision).toBe('rendered');
  expect(at(changed.stored, [...sidecar, 'resources'])).toEqual({});
  expect(at(changed.stored, annotation('injection-inputs'))).not.toBe(at(live, annotation('injection-inputs')));
});

function serverOf(object: JsonObject): JsonObject {
  return objectAt({ server: at(object, server) ?? null }, 'server');
}

function withoutPullPolicy(object: JsonObject): JsonObject {
  return edited(object, [...server, 'imagePullPolicy'], undefined);
}

/** As the apiserver would. */
function rewritten(object: JsonObject, rewrites: readonly (readonly [string, string])[]): JsonObject {
  const text = rewrites.reduce((before, [from, to]) => {
    expect(before.includes(from) || before.includes(to)).toBe(true);
    return before.replaceAll(from, to);
  }, JSON.stringify(object));
  return edited(JSON.parse(text) as JsonObject, [...server, 'imagePullPolicy'], 'IfNotPresent');
}
