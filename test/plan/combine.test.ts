import { describe, expect, test } from 'vitest';
import type { Contribution } from '../../src/injections/injection.ts';
import { ClaimedTwiceError, combine } from '../../src/plan/combine.ts';

test('joins contributions in their order and says why each is there or is not', () => {
  const { plan, reasons } = combine(
    [
      {
        id: 'one',
        contribution: {
          initContainers: [{ name: 'pgusher-a' }],
          server: { args: ['-c', 'a=1'] },
          graceSeconds: 60,
          reason: 'first',
        },
      },
      { id: 'two', contribution: { skipped: 'not needed' } },
      {
        id: 'three',
        contribution: {
          initContainers: [{ name: 'pgusher-b' }],
          server: { args: ['-c', 'b=2'], preStop: ['sh'] },
          graceSeconds: 30,
          reason: 'third',
        },
      },
    ],
    'db',
  );
  expect(plan.initContainers).toEqual([{ name: 'pgusher-a' }, { name: 'pgusher-b' }]);
  expect(plan.server).toMatchObject({ container: 'db', args: ['-c', 'a=1', '-c', 'b=2'], preStop: ['sh'] });
  expect(plan.pod.graceSeconds).toBe(60);
  expect(reasons).toEqual([
    { injection: 'one', outcome: 'injected', text: 'first' },
    { injection: 'two', outcome: 'skipped', text: 'not needed' },
    { injection: 'three', outcome: 'injected', text: 'third' },
  ]);
});

test('nothing for the server leaves the server alone', () => {
  expect(
    combine([{ id: 'one', contribution: { volumes: [{ name: 'pgusher' }], reason: 'r' } }], 'db').plan.server,
  ).toBeUndefined();
});

describe('two claims on one name are an error of ours', () => {
  const probe = { exec: { command: ['true'] } };
  test.each<[string, Omit<Contribution, 'reason'>, Omit<Contribution, 'reason'>]>([
    [
      'init container pgusher-a',
      { initContainers: [{ name: 'pgusher-a' }] },
      { initContainers: [{ name: 'pgusher-a' }] },
    ],
    ['volume pgusher', { volumes: [{ name: 'pgusher' }] }, { volumes: [{ name: 'pgusher' }] }],
    [
      'claim template x',
      { claimTemplates: [{ metadata: { name: 'x' } }] },
      { claimTemplates: [{ metadata: { name: 'x' } }] },
    ],
    [
      'environment variable PGDATA',
      { server: { env: [{ name: 'PGDATA' }] } },
      { server: { replacedEnv: [{ name: 'PGDATA', value: 'a', was: 'b' }] } },
    ],
    [
      'mount path /pgusher',
      { server: { volumeMounts: [{ name: 'a', mountPath: '/pgusher' }] } },
      { server: { volumeMounts: [{ name: 'b', mountPath: '/pgusher' }] } },
    ],
    [
      'port 5432/TCP',
      { server: { ports: [{ containerPort: 5432 }] } },
      { server: { ports: [{ containerPort: 5432, protocol: 'TCP' }] } },
    ],
    ['startup probe', { server: { startupProbe: probe } }, { server: { startupProbe: probe } }],
    ['readiness probe', { server: { readinessProbe: probe } }, { server: { readinessProbe: probe } }],
    ['preStop hook', { server: { preStop: ['a'] } }, { server: { preStop: ['b'] } }],
  ])('%s', (what, first, second) => {
    const contributions = [
      { id: 'one', contribution: { ...first, reason: 'r' } },
      { id: 'two', contribution: { ...second, reason: 'r' } },
    ];
    expect(() => combine(contributions, 'db')).toThrow(ClaimedTwiceError);
    expect(() => combine(contributions, 'db')).toThrow(
      `${what} is claimed by the injections one and two; only one of them can have it`,
    );
  });
});
