import { describe, expect, test } from 'vitest';
import { noPolicy } from '../../src/checks/policy.ts';
import { runChecks } from '../../src/checks/run-checks.ts';
import { noFacts } from '../../src/workload/fact-table.ts';
import type { SettingLayers } from '../../src/workload/settings.ts';
import { readPostgresWorkload } from '../../src/workload/read-postgres-workload.ts';
import { readSettings } from '../../src/workload/read-settings.ts';
import { readFixture } from './check-fixture.ts';

const { object } = readFixture('fsync-off', 'accepts-on').after;

function textsOf(layers: SettingLayers): readonly string[] {
  const after = readPostgresWorkload(object, readSettings(layers), 'shop');
  return runChecks({ after, policy: noPolicy, facts: noFacts, today: '2026-11-21' }).map(
    ({ check, severity, field, message }) => `${severity} ${check} ${field}: ${message}`,
  );
}

describe('a problem says in which layer it is', () => {
  test('the namespace', () => {
    expect(textsOf({ statefulset: {}, namespace: { 'postgres.io/probes': 'maybe' } })).toEqual([
      'deny invalid-annotation namespace metadata.annotations[postgres.io/probes]: postgres.io/probes is "maybe"; wanted on or off. Write postgres.io/probes: "on".',
    ]);
  });

  test('the cluster config file', () => {
    expect(textsOf({ statefulset: {}, cluster: { 'backup-schedul': '30 2 * * *' } })).toEqual([
      'deny unknown-annotation cluster config settings[backup-schedul]: backup-schedul is no setting; wanted one that is. Did you mean backup-schedule?',
    ]);
  });
});

test('a value with control characters stays on one line', () => {
  expect(textsOf({ statefulset: { 'postgres.io/pre-stop': 'off\n\u001b[31mdeny' } })).toEqual([
    'deny invalid-annotation metadata.annotations[postgres.io/pre-stop]: postgres.io/pre-stop is "off\\n\\u001b[31mdeny"; wanted on or off. Write postgres.io/pre-stop: "on".',
  ]);
});

test('a target without the name of its restore is one problem', () => {
  expect(textsOf({ statefulset: { 'postgres.io/restore-target-lsn': '16/B374D848' } })).toEqual([
    'deny pitr-target-invalid metadata.annotations[postgres.io/restore-target-lsn]: postgres.io/restore-target-lsn is not enough; wanted postgres.io/restore-id beside it: a name for this one restore, which is done once under that name.',
  ]);
});
