import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/workload/json.ts';
import { initContainer, plan } from './support/rendered.ts';

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
  expect(initContainer(result, 'pgusher-initdb')['resources']).toEqual(resources);
});

/** A LimitRange gives both what is missing, the same; limits of our own would be above its maximum. */
test('the initialisation has no limits where the server has none, so that what the server may, it may', () => {
  expect(initContainer(plan(), 'pgusher-initdb')['resources']).toEqual({});
});
