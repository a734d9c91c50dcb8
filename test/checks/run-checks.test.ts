import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { managedLabelFindings } from '../../src/checks/settings/managed-label-value.ts';
import { noPolicy } from '../../src/checks/policy.ts';
import type { CheckExemption, CheckMode, CheckPolicy } from '../../src/checks/policy.ts';
import { checks } from '../../src/checks/registry.ts';
import { runChecks } from '../../src/checks/run-checks.ts';
import { noFacts } from '../../src/workload/fact-table.ts';
import { isObject } from '../../src/workload/json.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import type { PostgresWorkload } from '../../src/workload/postgres-workload.ts';
import { isManaged } from '../../src/workload/read-settings.ts';
import { checkFixtures, judge, readFixture, workloadOf } from './check-fixture.ts';

const today = '2026-11-21';

function withAnnotation(workload: PostgresWorkload, annotation: string, value: string): PostgresWorkload {
  const metadata = workload.object['metadata'];
  return workloadOf({
    ...workload.object,
    metadata: {
      ...(isObject(metadata) ? metadata : {}),
      annotations: { ...workload.annotations, [annotation]: value },
    },
  });
}

function modes(entries: Readonly<Record<string, CheckMode>>): CheckPolicy {
  return { ...noPolicy, modes: new Map(Object.entries(entries)) };
}

describe('an escape', () => {
  const denied = checkFixtures().filter(({ name }) => name.startsWith('rejects-'));

  test.each(denied)(
    'of $check ($name) turns its denials into warnings that repeat the reason, or is refused',
    (fixture) => {
      const check = checks.find(({ id }) => id === fixture.check);
      const annotation = `postgres.io/allow-${fixture.check}`;
      const after = withAnnotation(fixture.after, annotation, 'agreed with the team');
      const findings = judge({ ...fixture, after });
      const own = findings.filter((finding) => finding.check === fixture.check);
      if (check?.noEscape === undefined) {
        expect(own.map(({ severity }) => severity)).not.toContain('deny');
        expect(own[0]?.message).toContain(`allowed by ${annotation} ("agreed with the team"): `);
      } else {
        expect(own.map(({ severity }) => severity)).toContain('deny');
        // Without the label nothing else looks at the object.
        if (!isManaged(after.labels)) return;
        expect(findings).toContainEqual(
          expect.objectContaining({ check: 'invalid-annotation', field: `metadata.annotations[${annotation}]` }),
        );
      }
    },
  );

  test('says nothing where there is nothing to allow', () => {
    const { after } = readFixture('fsync-off', 'accepts-on');
    expect(
      judge({ after: withAnnotation(after, 'postgres.io/allow-fsync-off', 'load test'), before: undefined }),
    ).toEqual([]);
  });

  test('of one check leaves the others alone', () => {
    const { after } = readFixture('fsync-off', 'rejects-argument');
    const findings = judge({ after: withAnnotation(after, 'postgres.io/allow-trust-auth', 'x'), before: undefined });
    expect(findings).toEqual([
      {
        check: 'fsync-off',
        severity: 'deny',
        field: 'spec.template.spec.containers[postgres].args',
        message: 'fsync is "off"; wanted on. Remove it.',
      },
    ]);
  });
});

describe('the ratchet', () => {
  const { after } = readFixture('replicas-without-replication', 'rejects-three-apart');
  const withReplicas = (replicas: number): PostgresWorkload => {
    const spec = after.object['spec'];
    return workloadOf({ ...after.object, spec: { ...(isObject(spec) ? spec : {}), replicas } });
  };

  test('lets pass what was there before, and says so', () => {
    expect(judge({ after, before: after })).toEqual([
      {
        check: 'replicas-without-replication',
        severity: 'warn',
        field: 'spec.replicas',
        message:
          'was so before: replicas is 3 without replication, which makes 3 separate databases; wanted 1. Write replicas: 1, or postgres.io/replication-secret: <Secret with username and password>.',
      },
    ]);
  });

  test('refuses a new value in the same field', () => {
    expect(judge({ after: withReplicas(4), before: after })).toEqual([
      expect.objectContaining({ severity: 'deny', field: 'spec.replicas' }),
    ]);
  });

  test('refuses what is new beside what was there', () => {
    const before = readFixture('plaintext-password', 'rejects-literal').after;
    const findings = judge({ after: readFixture('plaintext-password', 'rejects-sidecars').after, before });
    expect(findings.map(({ severity }) => severity)).toEqual(['deny', 'deny', 'deny', 'warn']);
  });

  test('does not hold at the moment of labelling', () => {
    const unlabelled = workloadOf({ ...after.object, metadata: { name: 'orders', namespace: 'shop' } });
    expect(judge({ after, before: unlabelled })).toContainEqual(
      expect.objectContaining({ check: 'replicas-without-replication', severity: 'deny' }),
    );
  });

  test('does not hold for what nothing could be injected into', () => {
    const { after: unknown } = readFixture('image-unknown', 'rejects-no-postgres');
    expect(judge({ after: unknown, before: unknown })).toEqual([
      expect.objectContaining({ check: 'image-unknown', severity: 'deny' }),
    ]);
  });

  test('does not hold for a change', () => {
    const fixture = readFixture('image-major-upgrade', 'rejects-upgrade');
    expect(judge(fixture)).toEqual([expect.objectContaining({ check: 'image-major-upgrade', severity: 'deny' })]);
  });
});

describe('a mode of the policy', () => {
  const rejected = readFixture('fsync-off', 'rejects-argument');
  const warned = readFixture('sync-commit-off', 'warns-off');
  const reserved = readFixture('reserved-container-name', 'rejects-all-kinds');

  test.each([
    ['enforce', 'a denial', rejected, ['deny']],
    ['warn', 'a denial', rejected, ['warn']],
    ['off', 'a denial', rejected, []],
    ['enforce', 'a warning', warned, ['deny']],
    ['warn', 'a warning', warned, ['warn']],
    ['off', 'a warning', warned, []],
    ['warn', 'what has no escape', reserved, ['deny']],
    ['off', 'what has no escape', reserved, ['deny']],
  ] as const)('%s on %s', (mode, _what, fixture, severities) => {
    const findings = judge(fixture, modes({ [fixture.check]: mode }));
    expect([...new Set(findings.map(({ severity }) => severity))]).toEqual(severities);
  });

  test('that enforces a warning can still be escaped from', () => {
    const after = withAnnotation(warned.after, 'postgres.io/allow-sync-commit-off', 'sessions set it');
    expect(judge({ after, before: undefined }, modes({ 'sync-commit-off': 'enforce' }))).toEqual([
      expect.objectContaining({ severity: 'warn' }),
    ]);
  });

  test('leaves other checks alone', () => {
    expect(judge(rejected, modes({ 'trust-auth': 'off' }))).toEqual(judge(rejected));
  });
});

describe('an exemption', () => {
  const fixture = readFixture('fsync-off', 'rejects-argument');
  const exemption: CheckExemption = {
    check: 'fsync-off',
    namespace: 'shop',
    name: 'orders',
    reason: 'moves to new disks',
    until: today,
  };

  test.each([
    ['for the set, on its last day', {}, 'warn'],
    ['for the whole namespace', { name: undefined }, 'warn'],
    ['that has ended', { until: '2026-11-20' }, 'deny'],
    ['for another set', { name: 'billing' }, 'deny'],
    ['for another namespace', { namespace: 'bank' }, 'deny'],
    ['from another check', { check: 'trust-auth' }, 'deny'],
  ])('%s', (_what, change, severity) => {
    const policy: CheckPolicy = { ...noPolicy, exemptions: [{ ...exemption, ...change }] };
    expect(judge(fixture, policy, today).map((finding) => finding.severity)).toEqual([severity]);
  });

  test('names its reason and its end', () => {
    const policy: CheckPolicy = { ...noPolicy, exemptions: [exemption] };
    expect(judge(fixture, policy, today)[0]?.message).toBe(
      'exempt until 2026-11-21 ("moves to new disks"): fsync is "off"; wanted on. Remove it.',
    );
  });
});

describe('all findings', () => {
  test('come in one answer, denials first, in the order of the registry', () => {
    const { after } = readFixture('grace-too-low', 'warns-zero');
    const spoilt = JSON.stringify(after.object)
      .replace('postgres:17.6-bookworm', 'postgres:latest')
      .replace('"replicas":1', '"replicas":2');
    const object: unknown = JSON.parse(spoilt);
    expect(isObject(object)).toBe(true);
    const findings = judge({ after: workloadOf(isObject(object) ? object : {}), before: undefined });
    expect(findings.map(({ check, severity }) => `${severity} ${check}`)).toEqual([
      'deny image-latest',
      'deny replicas-without-replication',
      'warn grace-too-low',
      'warn anti-affinity-missing',
    ]);
  });

  test('of an image that is left alone are those that do not depend on what is injected', () => {
    const { after } = readFixture('left-alone-image', 'warns-spilo');
    const object: unknown = JSON.parse(
      JSON.stringify(after.object).replace(/"valueFrom":\{"secretKeyRef":[^}]*\}\}/, '"value":"open"'),
    );
    const findings = judge({ after: workloadOf(isObject(object) ? object : {}), before: undefined });
    expect(findings.map(({ check, severity }) => `${severity} ${check}`)).toEqual([
      'deny plaintext-password',
      'warn left-alone-image',
    ]);
  });

  test('are the same each time, for any object, and none of them throws', () => {
    fc.assert(
      fc.property(spoiltObject(), (object) => {
        const after = workloadOf(object);
        const input = { after, before: after, policy: noPolicy, facts: noFacts, today };
        const findings = runChecks(input);
        expect(runChecks(input)).toEqual(findings);
        const severities = findings.map(({ severity }) => severity);
        expect(severities).toEqual(severities.toSorted());
        for (const { field, message } of findings) expect(`${field}${message}`).not.toMatch(/\p{Cc}/u);
      }),
      { numRuns: 500 },
    );
  });
});

/** A realistic object in which one value after the other was replaced by anything. */
function spoiltObject(): fc.Arbitrary<JsonObject> {
  const originals = checkFixtures().map(({ after }) => after.object);
  const anything = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.string({ unit: 'binary' }), fc.constant(null));
  return fc
    .tuple(fc.constantFrom(...originals), fc.array(fc.tuple(fc.nat(), anything), { maxLength: 3 }))
    .map(([original, changes]) => {
      const spoilt = changes.reduce<unknown>((value, [at, replacement]) => replaceAt(value, at, replacement), original);
      return isObject(spoilt) ? spoilt : {};
    });
}

/** Replaces the value that is `at` in order of reading, modulo their number. */
function replaceAt(value: unknown, at: number, replacement: unknown): unknown {
  const count = JSON.stringify(value).split(':').length;
  const target = at % count;
  let seen = 0;
  const text = JSON.stringify(value, (_key, item: unknown) => {
    seen += 1;
    return seen === target + 2 ? replacement : item;
  });
  return JSON.parse(text);
}

test.each([
  [{ 'postgres.io/managed': 'true' }, []],
  [{}, []],
  [
    { 'postgres.io/managed': 'True' },
    [
      {
        check: 'managed-label-value',
        severity: 'warn',
        field: 'metadata.labels[postgres.io/managed]',
        message:
          'the label is "True", so nothing is injected; wanted "true". Write postgres.io/managed: "true", or remove it.',
      },
    ],
  ],
  [
    { 'postgres.io/managed': null },
    [
      {
        check: 'managed-label-value',
        severity: 'warn',
        field: 'metadata.labels[postgres.io/managed]',
        message:
          'the label is "", so nothing is injected; wanted "true". Write postgres.io/managed: "true", or remove it.',
      },
    ],
  ],
])('the label in %j', (labels, findings) => {
  expect(managedLabelFindings(labels)).toEqual(findings);
});

test.each([
  [true, 'true'],
  [1, '1'],
  [['true'], 'a list'],
  [{}, 'an object'],
])('a label that is %j is no text, which Kubernetes refuses', (value, shown) => {
  expect(managedLabelFindings({ 'postgres.io/managed': value })).toEqual([
    {
      check: 'managed-label-value',
      severity: 'deny',
      field: 'metadata.labels[postgres.io/managed]',
      message: `the label is ${shown} and no text, so Kubernetes refuses the object; wanted "true" in quotes. Write postgres.io/managed: "true".`,
    },
  ]);
});
