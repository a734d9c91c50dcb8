import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isManaged, managedLabel, readSettings } from '../../src/workload/read-settings.ts';
import type { SettingProblem } from '../../src/workload/settings.ts';

/** Annotations of a StatefulSet, written without prefix. */
function annotated(annotations: Readonly<Record<string, string>>) {
  return readSettings({ statefulset: prefixed(annotations) });
}

function prefixed(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).map(([name, text]) => [`postgres.io/${name}`, text]));
}

test('without annotations everything is built in, and nothing is wrong', () => {
  const { values, origins, problems, escapes } = annotated({});
  expect(values).toMatchObject({
    backup: true,
    backupEngine: 'volume',
    backupStorage: { kind: 'auto' },
    backupSchedule: undefined,
    backupTimeZone: 'UTC',
    backupKeep: 7,
    backupKeepFor: undefined,
    backupCompression: 'zstd',
    backupVerify: true,
    backupSynchronous: false,
    bootstrap: 'auto',
    whenBehind: 'stop',
    restoreBackup: 'latest',
    restoreTarget: undefined,
    restoreTargetInclusive: true,
    restorePasswords: 'set',
    restorePasswordsSecret: undefined,
    role: 'auto',
    replicationNetwork: 'all',
    synchronous: 0,
    preStop: true,
    stopGrace: 300,
    probes: true,
    parameters: [],
    agentImage: 'ghcr.io/pgusher/pgusher-agent:0.1.0',
    agentCpu: '500m',
    agentMemory: '256Mi',
    agentPort: 8432,
    runAs: undefined,
  });
  expect(new Set(Object.values(origins))).toEqual(new Set(['built-in']));
  expect(problems).toEqual([]);
  expect(escapes.size).toBe(0);
});

test('a higher layer wins, and each value knows its layer', () => {
  const { values, origins, problems } = readSettings({
    cluster: { 'backup-keep': '3', 'agent-cpu': '1', 'stop-grace': '60' },
    namespace: { 'postgres.io/backup-keep': '4', 'postgres.io/stop-grace': '90', 'other.io/backup-keep': '9' },
    statefulset: { 'postgres.io/backup-keep': '5', 'backup-keep': '9' },
  });
  expect(problems).toEqual([]);
  expect([values.backupKeep, values.stopGrace, values.agentCpu, values.probes]).toEqual([5, 90, '1', true]);
  expect([origins['backup-keep'], origins['stop-grace'], origins['agent-cpu'], origins.probes]).toEqual([
    'statefulset',
    'namespace',
    'cluster',
    'built-in',
  ]);
});

test('one reading leaves nothing behind for the next one with the same cluster layer', () => {
  const cluster = { 'backup-keep': '3' };
  const first = readSettings({ cluster, statefulset: prefixed({ 'backup-keep': '9', bakcup: 'x', 'allow-x': 'y' }) });
  const second = readSettings({ cluster, statefulset: {} });
  expect(first.values.backupKeep).toBe(9);
  expect([second.values.backupKeep, second.origins['backup-keep'], second.problems, second.escapes.size]).toEqual([
    3,
    'cluster',
    [],
    0,
  ]);
});

test('a value that cannot be read is a problem, and the layer below counts', () => {
  const { values, origins, problems } = readSettings({
    namespace: prefixed({ 'backup-keep': '4' }),
    statefulset: prefixed({ 'backup-keep': '1' }),
  });
  expect([values.backupKeep, origins['backup-keep']]).toEqual([4, 'namespace']);
  expect(problems).toEqual([
    {
      kind: 'invalid',
      annotation: 'postgres.io/backup-keep',
      layer: 'statefulset',
      value: '1',
      expected: 'a whole number from 2 to 1000',
    },
  ]);
});

test('blanks around a value do not matter', () => {
  expect(annotated({ 'backup-keep': ' 5\n' })).toMatchObject({ values: { backupKeep: 5 }, problems: [] });
});

test('the cluster config file names settings without prefix, and its mistakes too', () => {
  expect(readSettings({ cluster: { 'backup-kep': '3', 'stop-grace': 'x' }, statefulset: {} }).problems).toEqual([
    { kind: 'unknown', annotation: 'backup-kep', layer: 'cluster', suggestion: 'backup-keep' },
    {
      kind: 'invalid',
      annotation: 'stop-grace',
      layer: 'cluster',
      value: 'x',
      expected: 'seconds, a whole number from 30 to 86400',
    },
  ]);
});

test('what means one database is not taken from a namespace', () => {
  const { values, problems } = readSettings({
    namespace: prefixed({ 'restore-id': 'a', 'backup-prefix': 'b', 'backup-claim': 'shared' }),
    statefulset: {},
  });
  expect([values.restoreId, values.backupPrefix, values.backupClaim]).toEqual([undefined, undefined, 'shared']);
  expect(problems).toEqual([
    {
      kind: 'invalid',
      annotation: 'postgres.io/restore-id',
      layer: 'namespace',
      value: 'a',
      expected: 'it on a StatefulSet only: it means one database',
    },
    {
      kind: 'invalid',
      annotation: 'postgres.io/backup-prefix',
      layer: 'namespace',
      value: 'b',
      expected: 'it on a StatefulSet only: it means one database',
    },
  ]);
});

describe('an unknown annotation', () => {
  test.each([
    ['bakcup', 'backup'],
    ['backup_keep', 'backup-keep'],
    ['backupKeep', 'backup-keep'],
    ['Backup-Keep', 'backup-keep'],
    ['back-up-schedule', 'backup-schedule'],
    ['restore-target-tiem', 'restore-target-time'],
    ['verify', 'backup-verify'],
    // Of base backups or of dumps.
    ['schedule', undefined],
    ['keep', undefined],
    ['rol', 'role'],
    ['prestop', 'pre-stop'],
    ['time', 'restore-target-time'],
    ['managed', undefined],
    ['x', undefined],
    ['', undefined],
    ['completely-different-thing', undefined],
    ['constructor', undefined],
    ['__proto__', undefined],
  ])('%j is refused; meant was %j', (name, meant) => {
    expect(annotated({ [name]: 'on' }).problems).toEqual([
      {
        kind: 'unknown',
        annotation: `postgres.io/${name}`,
        layer: 'statefulset',
        suggestion: meant === undefined ? undefined : `postgres.io/${meant}`,
      },
    ]);
  });

  test('in thousands costs ten times of what a tenth of them costs, not a hundred', () => {
    const costOf = (count: number): number => {
      const many = Object.fromEntries(Array.from({ length: count }, (_, index) => [`backup-kee${index}`, 'x']));
      const begun = performance.now();
      expect(annotated(many).problems).toHaveLength(count);
      return performance.now() - begun;
    };
    const least = (count: number): number => Math.min(...Array.from({ length: 5 }, () => costOf(count)));
    expect(least(20_000) / least(2_000)).toBeLessThan(40);
  });
});

test('what pgusher writes itself is known', () => {
  expect(
    annotated({ 'injection-version': '0.1.0', 'injection-inputs': 'x', 'injection-record': '{}' }).problems,
  ).toEqual([]);
});

test('an escape holds its reason; without one it is none', () => {
  const { escapes, problems } = annotated({ 'allow-fsync-off': ' a scratch database ', 'allow-image-latest': ' ' });
  expect([...escapes]).toEqual([['fsync-off', 'a scratch database']]);
  expect(problems).toEqual([{ kind: 'no-reason', annotation: 'postgres.io/allow-image-latest', layer: 'statefulset' }]);
});

describe('a restore target', () => {
  const time = '2026-11-21T06:00:00Z';

  test('becomes what PostgreSQL takes', () => {
    expect(annotated({ 'restore-target-time': time, 'restore-id': 'a' })).toMatchObject({
      values: { restoreTarget: { kind: 'time', value: '2026-11-21T06:00:00+00' }, restoreId: 'a' },
      problems: [],
    });
    const picked = { 'restore-id': 'a', 'restore-backup': '20261121T030000Z_00000001_0000000002000028' };
    expect(annotated({ ...picked, 'restore-target-immediate': 'on' })).toMatchObject({
      values: { restoreTarget: { kind: 'immediate', value: '' } },
      problems: [],
    });
    expect(annotated({ ...picked, 'restore-target-immediate': 'off' }).values.restoreTarget).toBeUndefined();
  });

  test.each<readonly [string, Record<string, string>, readonly SettingProblem[]]>([
    [
      'beside another one leaves open which is meant',
      { 'restore-target-time': time, 'restore-target-lsn': '0/1', 'restore-id': 'a' },
      [conflict(['restore-target-time', 'restore-target-lsn'], 'one of them only: recovery stops at one place')],
    ],
    [
      'needs a restore-id',
      { 'restore-target-lsn': '0/1' },
      [
        conflict(
          ['restore-target-lsn'],
          'postgres.io/restore-id beside it: a name for this one restore, which is done once under that name',
        ),
      ],
    ],
    [
      'by transaction needs a base backup by id',
      { 'restore-target-xid': '99', 'restore-id': 'a' },
      [
        conflict(
          ['restore-target-xid', 'restore-backup'],
          'postgres.io/restore-backup with the id of a base backup: nothing tells which one comes before such a target',
        ),
      ],
    ],
    [
      'contradicts a standby that follows backups',
      { 'restore-target-lsn': '0/1', 'restore-id': 'a', role: 'standby', 'restore-from': 'shop/orders' },
      [
        conflict(
          ['role', 'restore-target-lsn'],
          'one of them only: a standby replays for ever, and a restore up to a target takes writes from there on',
        ),
      ],
    ],
    [
      'contradicts bootstrap: initialize',
      { 'restore-target-lsn': '0/1', 'restore-id': 'a', bootstrap: 'initialize' },
      [
        conflict(
          ['bootstrap', 'restore-target-lsn'],
          'postgres.io/bootstrap auto or restore: initialize never restores',
        ),
      ],
    ],
  ])('%s', (_, annotations, problems) => {
    expect(annotated(annotations).problems).toEqual(problems);
  });
});

test('synchronous backups need backups', () => {
  expect(annotated({ backup: 'off', 'backup-synchronous': 'on' }).problems).toEqual([
    conflict(
      ['backup', 'backup-synchronous'],
      'postgres.io/backup on: without a backup every commit would wait for ever',
    ),
  ]);
});

function conflict(names: readonly string[], expected: string): SettingProblem {
  return { kind: 'conflict', annotations: names.map((name) => `postgres.io/${name}`), expected };
}

test('only the exact text "true" opts in', () => {
  const labelled = (value: string) => ({ 'postgres.io/managed': value });
  expect([managedLabel({}), managedLabel(labelled('true')), managedLabel(labelled('True'))]).toEqual([
    'absent',
    'managed',
    'other',
  ]);
  expect([isManaged(labelled('true')), isManaged(labelled('false')), isManaged({})]).toEqual([true, false, false]);
});

test('no annotations make it throw, and every problem names one that is there', () => {
  const name = fc.oneof(
    fc.string(),
    fc.constantFrom('backup-keep', 'parameters', 'primary', 'restore-target-time', 'backup-schedule'),
  );
  fc.assert(
    fc.property(fc.dictionary(name, fc.string()), (annotations) => {
      const statefulset = prefixed(annotations);
      for (const problem of readSettings({ statefulset }).problems) {
        const named = problem.kind === 'conflict' ? problem.annotations : [problem.annotation];
        expect(named.every((annotation) => Object.hasOwn(statefulset, annotation))).toBe(true);
      }
    }),
  );
});
