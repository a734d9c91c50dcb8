import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isAtLeast } from '../../scripts/cluster/kubernetes.ts';
import { agentResources } from '../../src/injections/resources.ts';
import { factTables } from '../../src/workload/fact-table.ts';
import { objectAt, objectsAt } from '../../src/workload/json.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { judge, workloadOf } from '../checks/check-fixture.ts';
import { managedSet } from '../support/review.ts';
import { missingTools } from '../support/tool.ts';
import { startControlPlane, until, type ControlPlane } from './support/control-plane.ts';

/** A namespace's limits, and what pgusher says of them about a set whose server has 1Gi of memory and 1 CPU. */
const limits: readonly (readonly [string, JsonObject, readonly string[]])[] = [
  ['room', { type: 'Container', max: { cpu: '2', memory: '2Gi' } }, []],
  ['a container of 128Mi', { type: 'Container', max: { memory: '128Mi' } }, ['agent-memory']],
  ['a pod of 1100Mi', { type: 'Pod', max: { memory: '1100Mi' } }, ['agent-memory']],
  ['a ratio of 4', { type: 'Container', maxLimitRequestRatio: { cpu: '4' } }, ['agent-cpu']],
  ['200m at least', { type: 'Container', min: { cpu: '200m' } }, ['agent-cpu']],
  ['no more than 1280Mi in all', { 'limits.memory': '1280Mi' }, []],
  ['1Gi in all', { 'limits.memory': '1Gi' }, ['agent-memory']],
];

/** What checks say that Kubernetes does: asked of a real apiserver, with the pod that the controller would make. */
describe.skipIf(missingTools('go'))('a check says what Kubernetes does', () => {
  let cluster: ControlPlane;
  beforeAll(async () => {
    cluster = await startControlPlane();
    // No controller makes it here.
    cluster.kubectl(['create', 'serviceaccount', 'default']);
  });
  afterAll(async () => {
    await (cluster as ControlPlane | undefined)?.stop();
  });

  /** As StatefulSet's updateIdentity and setPodRevision have it; hashes have up to ten characters. */
  function podOfSet(set: string): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `${set}-0`,
        labels: { 'controller-revision-hash': `${set}-5b9c7d8f66`, 'statefulset.kubernetes.io/pod-name': `${set}-0` },
      },
      spec: { hostname: `${set}-0`, containers: [{ name: 'postgres', image: 'postgres:17.6-bookworm' }] },
    });
  }

  test.each([
    ['orders', []],
    ['o'.repeat(52), []],
    ['o'.repeat(53), ['name-too-long']],
    ['orders.eu', ['name-has-dots']],
  ])('a set of the name %s: %j', (name, expected) => {
    const after = workloadOf(managedSet({ metadata: { name, namespace: 'default' } }));
    const denied = judge({ after, before: undefined }).filter(({ severity }) => severity === 'deny');
    expect(denied.map(({ check }) => check)).toEqual(expected);
    const dryRun = ['create', '--dry-run=server', '-f', '-'];
    const set = JSON.stringify({ ...managedSet({ metadata: { name, namespace: 'default' } }) });
    const taken = cluster.tryKubectl(dryRun, set);
    if (expected.includes('name-has-dots')) {
      // Releases before this one take it.
      expect(taken.stderr).toContain('must not contain dots');
    } else {
      expect(taken).toMatchObject({ status: 0 });
    }
    const pod = cluster.tryKubectl(dryRun, podOfSet(name));
    if (expected.length === 0) expect(pod).toMatchObject({ status: 0 });
    else expect(pod.stderr).toContain('is invalid');
  });

  test.each(limits)('a namespace with %s', async (name, limit, expected) => {
    const namespace = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
    cluster.kubectl(['create', 'namespace', namespace]);
    cluster.kubectl(['create', 'serviceaccount', 'default', '-n', namespace]);
    const isQuota = !('type' in limit);
    const object = {
      apiVersion: 'v1',
      kind: isQuota ? 'ResourceQuota' : 'LimitRange',
      metadata: { name: 'tight', namespace },
      spec: isQuota ? { hard: limit } : { limits: [limit] },
    };
    cluster.kubectl(['create', '-f', '-'], JSON.stringify(object));
    if (isQuota) {
      // As its controller does, which does not run here.
      const status = { hard: limit, used: { 'limits.memory': '0' } };
      const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })];
      cluster.kubectl(['patch', 'resourcequota', 'tight', '-n', namespace, ...patch]);
    }

    const facts = factTables('not-asked');
    facts[isQuota ? 'quotas' : 'limitRanges'].put(object);
    const server = { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1', memory: '512Mi' } };
    const after = workloadOf(withResources(managedSet({ metadata: { name: 'orders', namespace } }), server));
    const found = judge({ after, before: undefined, facts }).filter(({ check }) => check === 'init-memory-limits');
    expect(found.map(({ field }) => field)).toEqual(expected.map((one) => `metadata.annotations[postgres.io/${one}]`));

    const agent = after.server === undefined ? {} : agentResources(after.server, after.settings.values);
    const image = 'example.org/image:1';
    const spec = {
      initContainers: [{ name: 'agent', image, restartPolicy: 'Always', resources: agent }],
      containers: [
        {
          name: 'postgres',
          image,
          resources: isQuota || limit['type'] === 'Pod' ? { limits: { memory: '1Gi' } } : server,
        },
      ],
    };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'orders-0', namespace }, spec };
    const made = () => cluster.tryKubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify(pod));
    // The apiserver knows of both by a watch of its own.
    if (expected.length === 0) expect(made()).toMatchObject({ status: 0 });
    else await until('the refusal', 20_000, () => made().stderr.includes('is forbidden'));
  });

  test.each(defaults)('a pod with %s', async (name, resources, own, limit, expected) => {
    const namespace = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
    cluster.kubectl(['create', 'namespace', namespace]);
    cluster.kubectl(['create', 'serviceaccount', 'default', '-n', namespace]);
    const range = {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: 'usual', namespace },
      spec: { limits: [{ type: 'Container', ...limit }] },
    };
    cluster.kubectl(['create', '-f', '-'], JSON.stringify(range));
    const facts = factTables('not-asked');
    facts.limitRanges.put(range);
    const set = withResources(managedSet({ metadata: { name: 'orders', namespace } }), own);
    const spec = objectAt(set, 'spec');
    const template = objectAt(spec, 'template');
    const podSpec = { ...objectAt(template, 'spec'), resources };
    const after = workloadOf({ ...set, spec: { ...spec, template: { ...template, spec: podSpec } } });
    const found = judge({ after, before: undefined, facts }).filter(({ check }) => check === 'limit-range-defaults');
    expect(found.map(({ field }) => field)).toEqual(expected.map((one) => `spec.template.spec.resources.${one}`));

    const image = 'example.org/image:1';
    const podOf = (spec: JsonObject): string =>
      JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'orders-0', namespace }, spec });
    const agent = {
      name: 'agent',
      image,
      restartPolicy: 'Always',
      resources: after.server === undefined ? {} : agentResources(after.server, after.settings.values),
    };
    const made = (spec: JsonObject) =>
      cluster.tryKubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], podOf(spec));
    // The apiserver knows of the LimitRange by a watch of its own.
    const plain = { containers: [{ name: 'plain', image }] };
    await until('the default', 20_000, () => made(plain).stdout.includes('LimitRanger plugin set'));
    const containers = [{ name: 'postgres', image, resources: own }];
    expect(made({ resources, containers })).toMatchObject({ status: 0 });
    const both = made({ resources, initContainers: [agent], containers });
    // Kubernetes 1.34 makes the pod's request of the containers' before the LimitRange's defaults, 1.37 after them.
    const isTaken = expected.length === 0 || (!('requests' in resources) && isAtLeast(37));
    if (isTaken) expect(both).toMatchObject({ status: 0 });
    else expect(both.stderr).toContain('is invalid');
  });
});

/** Of a pod that has resources of its own, under a LimitRange with a default: the agent is given it too. */
const defaults: readonly (readonly [string, JsonObject, JsonObject, JsonObject, readonly string[]])[] = [
  [
    'room for the default twice',
    { limits: { memory: '1Gi' }, requests: { memory: '1Gi' } },
    {},
    { default: { memory: '512Mi' } },
    [],
  ],
  [
    'room for it once',
    { limits: { memory: '768Mi' }, requests: { memory: '768Mi' } },
    {},
    { default: { memory: '512Mi' } },
    ['requests.memory'],
  ],
  [
    'a limit alone, and a request of the server',
    { limits: { memory: '2Gi' } },
    { requests: { memory: '1Gi' } },
    { defaultRequest: { memory: '256Mi' } },
    ['requests.memory'],
  ],
  ['a limit alone', { limits: { memory: '1Gi' } }, {}, { defaultRequest: { memory: '256Mi' } }, []],
  [
    'less than a default limit',
    { limits: { cpu: '1' }, requests: { cpu: '500m' } },
    { limits: { cpu: '400m' } },
    { max: { cpu: '4' }, defaultRequest: { cpu: '50m' } },
    [],
  ],
];

function withResources(set: JsonObject, resources: JsonObject): JsonObject {
  const spec = objectAt(set, 'spec');
  const template = objectAt(spec, 'template');
  const pod = objectAt(template, 'spec');
  const containers = objectsAt(pod, 'containers').map((container) => ({ ...container, resources }));
  return { ...set, spec: { ...spec, template: { ...template, spec: { ...pod, containers } } } };
}
