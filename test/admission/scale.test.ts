import { describe, expect, test } from 'vitest';
import type { AdmissionContext, Verdict } from '../../src/admission/admission.ts';
import { mutate } from '../../src/admission/mutate.ts';
import { decodeReview } from '../../src/admission/review.ts';
import { validate } from '../../src/admission/validate.ts';
import { factTables } from '../../src/workload/fact-table.ts';
import type { WhyUnknown } from '../../src/workload/cluster-facts.ts';
import { isObject, objectAt, objectsAt } from '../../src/workload/json.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { managedSet, plainContext, reviewOf } from '../support/review.ts';
import type { StatefulSetParts } from '../support/review.ts';

const uid = 'e8b2';

/** As it is stored: with what /mutate put into it. */
function storedSet(parts: StatefulSetParts): JsonObject {
  const decoded = decodeReview(JSON.stringify(reviewOf({ object: managedSet(parts) })));
  const verdict = decoded.kind === 'review' ? mutate(decoded.request, plainContext) : undefined;
  if (verdict?.object === undefined) throw new Error('not admitted');
  return { ...verdict.object, metadata: { ...objectAt(verdict.object, 'metadata'), uid } };
}

/** A cluster that holds the sets, and nothing else of any kind. */
function clusterWith(...sets: readonly JsonObject[]): AdmissionContext {
  const facts = factTables(undefined);
  for (const set of sets) facts.statefulSets.put(set);
  return { ...plainContext, facts };
}

function scaled(from: number, to: number, context: AdmissionContext): Verdict {
  const scale = (replicas: number): JsonObject => ({
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name: 'orders', namespace: 'shop', uid },
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: from, selector: 'app=orders' },
  });
  const review = reviewOf({
    operation: 'UPDATE',
    kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
    object: scale(to),
    oldObject: scale(from),
    request: { subResource: 'scale', options: { kind: 'UpdateOptions' } },
  });
  const decoded = decodeReview(JSON.stringify(review));
  if (decoded.kind !== 'review') throw new Error(decoded.message);
  return validate(decoded.request, context);
}

const found = ({ findings }: Verdict): readonly string[] =>
  findings.map(({ severity, check }) => `${severity} ${check}`);

describe('kubectl scale of a managed set', () => {
  test('to a second database is refused, in the words that the object would get', () => {
    const verdict = scaled(1, 2, clusterWith(storedSet({})));
    expect(verdict).toMatchObject({ decision: 'denied', allowed: false, subject: 'StatefulSet shop/orders' });
    expect(verdict.findings[0]).toEqual({
      check: 'replicas-without-replication',
      severity: 'deny',
      field: 'spec.replicas',
      message:
        'replicas is 2 without replication, which makes 2 separate databases; wanted 1. Write replicas: 1, or postgres.io/replication-secret: <Secret with username and password>.',
    });
  });

  test('to where each commit waits for a standby that goes is refused', () => {
    const annotations = { 'postgres.io/replication-secret': 'replicator', 'postgres.io/synchronous': '1' };
    const context = clusterWith(storedSet({ annotations, replicas: 3 }));
    expect(scaled(3, 2, context).allowed).toBe(true);
    const verdict = scaled(2, 1, context);
    expect(verdict.allowed).toBe(false);
    expect(verdict.findings[0]?.message).toBe(
      'commits are to wait for 1 standby, and a set of 1 has 0; wanted fewer than replicas. Write replicas: 2 or more.',
    );
  });

  test('settings of the namespace, escapes and modes hold as for the object', () => {
    const context = clusterWith(storedSet({}));
    const inherited = { ...context, namespaceAnnotations: () => ({ 'postgres.io/replication-secret': 'replicator' }) };
    expect(scaled(1, 2, inherited).allowed).toBe(true);
    const off = {
      ...context,
      policy: { ...context.policy, modes: new Map([['replicas-without-replication', 'off' as const]]) },
    };
    expect(scaled(1, 2, off).allowed).toBe(true);
    const annotations = { 'postgres.io/allow-replicas-without-replication': 'sharded by the client' };
    const escaped = scaled(1, 2, clusterWith(storedSet({ annotations })));
    expect(escaped.allowed).toBe(true);
    expect(escaped.findings[0]?.message).toContain('allowed by postgres.io/allow-replicas-without-replication');
  });

  test('one that has several databases already can go back to one, and not on to more', () => {
    const context = clusterWith(storedSet({}));
    expect(scaled(3, 1, context)).toMatchObject({ allowed: true, findings: [] });
    expect(scaled(3, 4, context).allowed).toBe(false);
  });

  test('only what the step brings is said', () => {
    const annotations = { 'postgres.io/replication-secret': 'replicator' };
    const context = clusterWith(storedSet({ annotations, replicas: 2 }));
    expect(found(scaled(1, 2, context))).toEqual(['warn anti-affinity-missing', 'warn pdb-missing']);
    expect(scaled(2, 2, context)).toMatchObject({ decision: 'not-ours', reason: 'replicas unchanged' });
    expect(found(scaled(3, 1, context))).toEqual(['warn scale-down']);
    expect(found(scaled(1, 0, context))).toEqual(['warn scale-to-zero']);
    expect(found(scaled(0, 1, context))).toEqual([]);
  });

  test('replicas on one claim', () => {
    const set = storedSet({
      annotations: { 'postgres.io/replication-secret': 'replicator', 'postgres.io/backup': 'off' },
    });
    const spec = objectAt(set, 'spec');
    const template = objectAt(spec, 'template');
    const pod = objectAt(template, 'spec');
    const volumes = [
      ...objectsAt(pod, 'volumes'),
      { name: 'data', persistentVolumeClaim: { claimName: 'orders-data' } },
    ];
    const onOne = {
      ...set,
      spec: { ...spec, volumeClaimTemplates: [], template: { ...template, spec: { ...pod, volumes } } },
    };
    expect(found(scaled(1, 2, clusterWith(onOne)))).toContain('deny pvc-shared-by-replicas');
  });
});

describe('let through', () => {
  test.each<[WhyUnknown, string | undefined]>([
    ['not-synced', 'no look at StatefulSet: they are not read yet; wanted another try in a moment.'],
    [
      'forbidden',
      'no look at StatefulSet: pgusher may not list them; wanted list and watch in the ClusterRole pgusher, or their checks off in the config file.',
    ],
    ['not-asked', undefined],
  ])('sets that are %s: a warning at most', (why, message) => {
    const verdict = scaled(1, 5, { ...plainContext, facts: factTables(why) });
    expect(verdict.allowed).toBe(true);
    expect(verdict.findings[0]?.message).toBe(message);
  });

  test('a set that was made a moment ago, also where one of its name was there before', () => {
    expect(found(scaled(1, 5, clusterWith()))).toEqual(['warn look-up']);
    const other = storedSet({});
    const before = { ...other, metadata: { ...objectAt(other, 'metadata'), uid: 'of one that is gone' } };
    expect(found(scaled(1, 5, clusterWith(before)))).toEqual(['warn look-up']);
  });

  test('a set without the label', () => {
    const set = managedSet({ labels: {}, metadata: { uid } });
    expect(scaled(1, 5, clusterWith(set))).toMatchObject({ decision: 'not-managed', findings: [] });
  });
});

test('of a set nothing is kept that may be a password', () => {
  const env = [
    { name: 'POSTGRES_PASSWORD', value: 'hunter2' },
    { name: 'PGDATA', value: '/var/lib/postgresql/data/pgdata' },
  ];
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': 'hunter2' };
  const { facts } = clusterWith(managedSet({ env, annotations, metadata: { uid, managedFields: ['hunter2'] } }));
  const known = facts.statefulSets.find('shop', 'orders');
  expect(JSON.stringify(known)).not.toContain('hunter2');
  expect(JSON.stringify(known)).toContain('/var/lib/postgresql/data/pgdata');
  expect(known.kind === 'present' && isObject(known.fact.managed)).toBe(true);
});
