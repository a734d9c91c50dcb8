import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/workload/json.ts';
import { settingDefinitions } from '../../src/workload/setting-table.ts';
import { storedResources } from '../../src/workload/stored-form.ts';
import { initContainer, plan, reason, rendered, volume } from './support/rendered.ts';

const agent = (cpu: string, limit: string, memory: string): JsonObject => ({
  limits: { cpu: limit, memory },
  requests: { cpu, memory },
});

const settings: readonly (readonly [why: string, settings: Record<string, string>, expected: JsonObject])[] = [
  ['defaults', {}, agent('100m', '500m', '256Mi')],
  ['as the apiserver writes it', { 'agent-cpu': '0.5', 'agent-memory': '1024Mi' }, agent('100m', '500m', '1Gi')],
  ['whole cores', { 'agent-cpu': '2000m', 'agent-memory': '512M' }, agent('100m', '2', '500000Ki')],
  ['less than an idle agent wants', { 'agent-cpu': '50m' }, agent('50m', '50m', '256Mi')],
];

test.each(settings)("the agent's requests and limits: %s", (_why, annotations, expected) => {
  const result = plan({ settings: annotations });
  expect(initContainer(result, 'pgusher-backup')['resources']).toEqual(expected);
  expect(initContainer(result, 'pgusher-restore')['resources']).toEqual(expected);
});

test('docs/settings.md says what is requested', () => {
  const { requests, limits } = initContainer(plan(), 'pgusher-backup')['resources'] as Readonly<
    Record<'requests' | 'limits', Readonly<Record<'cpu' | 'memory', string>>>
  >;
  expect(settingDefinitions['agent-cpu'].meaning).toContain(
    `CPU limit of \`pgusher-restore\` and \`pgusher-backup\`. Of it ${requests.cpu} are requested`,
  );
  expect(settingDefinitions['agent-cpu'].default).toBe(limits.cpu);
  expect(settingDefinitions['agent-memory'].meaning).toContain('Memory request and limit of');
  expect([requests.memory, limits.memory]).toEqual(Array(2).fill(settingDefinitions['agent-memory'].default));
});

const servers: readonly (readonly [why: string, resources: JsonObject, cpuRequest: string])[] = [
  ['limits only', { limits: { cpu: '2', memory: '4Gi' } }, '500m'],
  [
    'equal, spelled differently',
    { limits: { cpu: '2', memory: '4Gi' }, requests: { cpu: '2000m', memory: '4096Mi' } },
    '500m',
  ],
  ['numbers', { limits: { cpu: 2, memory: '4Gi' }, requests: { cpu: 2, memory: '4Gi' } }, '500m'],
  ['a smaller request', { limits: { cpu: '2', memory: '4Gi' }, requests: { cpu: '1' } }, '100m'],
  ['no cpu limit', { limits: { memory: '4Gi' }, requests: { memory: '4Gi' } }, '100m'],
];

test.each(servers)('a Guaranteed pod stays so, and no other becomes it: %s', (_why, resources, cpuRequest) => {
  const result = plan({ container: { resources } });
  expect(initContainer(result, 'pgusher-backup')['resources']).toEqual(agent(cpuRequest, '500m', '256Mi'));
  expect(initContainer(result, 'pgusher-initdb')['resources']).toEqual(storedResources(resources));
});

/** A LimitRange gives both what is missing, the same; limits of our own would be above its maximum. */
test('the initialisation has no limits where the server has none, so that what the server may, it may', () => {
  expect(initContainer(plan(), 'pgusher-initdb')['resources']).toEqual({});
});

/**
 * Kubernetes 1.34 and later. Where the pod says it, a request of ours would count against the pod's: "must be greater than or equal to
 * aggregate container requests of 2304Mi", with 2304Mi written by nobody.
 */
const pods: readonly (readonly [why: string, pod: JsonObject, container: JsonObject, agents: JsonObject])[] = [
  ['limits of both', { limits: { cpu: '2', memory: '2Gi' } }, {}, {}],
  [
    'limits, with the same request of the server',
    { limits: { cpu: '2', memory: '2Gi' } },
    { requests: { cpu: '2', memory: '2Gi' } },
    {},
  ],
  ['requests alone', { requests: { cpu: '2', memory: '2Gi' } }, { requests: { memory: '2Gi' } }, {}],
  [
    'memory alone',
    { limits: { memory: '2Gi' }, requests: { memory: '2Gi' } },
    { limits: { memory: '2Gi' } },
    { limits: { cpu: '500m' }, requests: { cpu: '100m' } },
  ],
  ['nothing', {}, {}, agent('100m', '500m', '256Mi')],
];

test.each(pods)('what the pod says, the agent does not: %s', (_why, resources, container, expected) => {
  const result = plan({ pod: { resources }, container: { resources: container } });
  expect(initContainer(result, 'pgusher-backup')['resources']).toEqual(expected);
  expect(initContainer(result, 'pgusher-restore')['resources']).toEqual(expected);
  expect(initContainer(result, 'pgusher-initdb')['resources']).toEqual(container);
});

test('explain says whose memory the agent has then', () => {
  const result = rendered({ pod: { resources: { limits: { cpu: '2', memory: '2Gi' } } } });
  expect(reason(result, 'backup-sidecar')).toContain('cpu and memory it takes from spec.template.spec.resources');
  expect(reason(rendered(), 'backup-sidecar')).not.toContain('spec.template.spec.resources');
});

const serverArguments = (pod: JsonObject): readonly string[] => plan({ pod: { resources: pod } }).server?.args ?? [];

test("huge pages of the pod are the server's, and are not turned off", () => {
  expect(serverArguments({ limits: { cpu: '2', memory: '2Gi' } })).toContain('huge_pages=off');
  expect(serverArguments({ limits: { cpu: '2', memory: '2Gi', 'hugepages-2Mi': '1Gi' } })).not.toContain(
    'huge_pages=off',
  );
});

test("/dev/shm is a quarter of the pod's memory, where the container has no limit, or a higher one", () => {
  const size = (container: JsonObject): unknown =>
    volume(
      plan({ pod: { resources: { limits: { memory: '1Gi' } } }, container: { resources: container } }),
      'pgusher-shm',
    );
  const quarter = { name: 'pgusher-shm', emptyDir: { medium: 'Memory', sizeLimit: '256Mi' } };
  expect(size({})).toEqual(quarter);
  expect(size({ limits: { memory: '4Gi' } })).toEqual(quarter);
});
