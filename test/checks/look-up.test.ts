import { expect, test } from 'vitest';
import { couldNotLookUp, notLookedUp } from '../../src/checks/look-up.ts';
import { noPolicy } from '../../src/checks/policy.ts';
import { runChecks } from '../../src/checks/run-checks.ts';
import { factTables } from '../../src/workload/fact-table.ts';
import type { ClusterFacts, WhyUnknown } from '../../src/workload/cluster-facts.ts';
import { factKinds } from '../../src/workload/read-facts.ts';
import { readFixture } from './check-fixture.ts';

const { after } = readFixture('pvc-missing', 'warns-backup-claim');

function findings(why: WhyUnknown, mode?: 'off' | 'enforce') {
  const policy = { ...noPolicy, modes: new Map(mode === undefined ? [] : [['pvc-missing', mode] as const]) };
  return runChecks({ after, policy, facts: factTables(why), today: '2026-11-21' });
}

test('what nobody was asked for is not mentioned', () => {
  expect(findings('not-asked').filter(({ check }) => check === 'look-up')).toEqual([]);
});

test.each(['not-synced', 'forbidden'] as const)('%s is one warning for all checks, and no denial', (why) => {
  const found = findings(why);
  expect(found.filter(({ check }) => check === 'look-up')).toHaveLength(1);
  expect(found.filter(({ severity }) => severity === 'deny')).toEqual([]);
  expect(findings(why, 'enforce')).toEqual(found);
});

test.each(['not-synced', 'forbidden'] as const)('which class is the default is %s: not refused', (why) => {
  const unnamed = readFixture('storageclass-not-allowed', 'rejects-default');
  const input = { after: unnamed.after, policy: unnamed.policy, today: '2026-11-21' };
  const refused = (facts: ClusterFacts) =>
    runChecks({ ...input, facts })
      .filter(({ severity }) => severity === 'deny')
      .map(({ check }) => check);
  expect(refused(unnamed.facts)).toEqual(['storageclass-not-allowed']);
  expect(refused(factTables(why))).toEqual([]);
  const off = { ...unnamed.policy, modes: new Map([['storageclass-not-allowed', 'off' as const]]) };
  expect(runChecks({ ...input, policy: off, facts: unnamed.facts })).toEqual([]);
});

test('a check that is off needs nothing', () => {
  const off = {
    ...noPolicy,
    modes: new Map(['pvc-missing', 'headless-service-missing'].map((id) => [id, 'off'] as const)),
  };
  const tables = factTables('not-asked');
  tables.claims.setGap('forbidden');
  const input = { after, facts: tables, today: '2026-11-21' };
  expect(runChecks({ ...input, policy: noPolicy }).some(({ check }) => check === 'look-up')).toBe(true);
  expect(runChecks({ ...input, policy: off }).some(({ check }) => check === 'look-up')).toBe(false);
});

test('the warning names the kinds, each once', () => {
  const { message } = couldNotLookUp([
    { facts: 'services', why: 'forbidden' },
    { facts: 'claims', why: 'forbidden' },
    { facts: 'claims', why: 'forbidden' },
    { facts: 'autoscalers', why: 'not-synced' },
  ]);
  expect(message).toBe(
    'no look at PersistentVolumeClaim and Service: pgusher may not list them; no look at HorizontalPodAutoscaler: they are not read yet; wanted list and watch in the ClusterRole pgusher, or their checks off in the config file.',
  );
});

test('every kind can be told of', () => {
  for (const kind of factKinds) expect(notLookedUp(kind, 'forbidden')).toHaveLength(1);
});
