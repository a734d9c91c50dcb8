import { describe, expect, test } from 'vitest';
import type { AdmissionContext, Verdict } from '../../src/admission/admission.ts';
import { decodeReview } from '../../src/admission/review.ts';
import { validationRest } from '../../src/admission/response.ts';
import { kubernetesItself } from '../../src/admission/subject.ts';
import { validate } from '../../src/admission/validate.ts';
import { factTables } from '../../src/workload/fact-table.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { managedSet, plainContext, reviewOf } from '../support/review.ts';
import type { ReviewParts } from '../support/review.ts';

const claimKind = { group: '', version: 'v1', kind: 'PersistentVolumeClaim' };

function clusterWith(...sets: readonly JsonObject[]): AdmissionContext {
  const facts = factTables(undefined);
  for (const set of sets) facts.statefulSets.put(set);
  return { ...plainContext, facts, namespaceIsEnding: () => false };
}

function claim(annotations: JsonObject = {}, metadata: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data-orders-0', namespace: 'shop', annotations, ...metadata },
  };
}

function deleted(oldObject: JsonObject, context: AdmissionContext, parts: ReviewParts = {}): Verdict {
  const kind = oldObject['kind'] === 'StatefulSet' ? undefined : { kind: claimKind };
  const review = reviewOf({ operation: 'DELETE', object: null, oldObject, ...kind, ...parts });
  const decoded = decodeReview(JSON.stringify(review));
  if (decoded.kind !== 'review') throw new Error(decoded.message);
  return validate(decoded.request, context);
}

const retentionDelete = (set: JsonObject): JsonObject => ({
  ...set,
  spec: { ...(set['spec'] as JsonObject), persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } },
});
const found = ({ findings }: Verdict): readonly string[] =>
  findings.map(({ severity, check }) => `${severity} ${check}`);

describe('a claim of a live set', () => {
  const live = clusterWith(managedSet());

  test('is refused with what to write; the answer names it', () => {
    const verdict = deleted(claim(), live);
    expect(verdict).toMatchObject({
      allowed: false,
      decision: 'denied',
      subject: 'PersistentVolumeClaim shop/data-orders-0',
    });
    const text = validationRest(verdict);
    expect(text).toContain(
      JSON.stringify('postgres.io/allow-delete-pvc-managed="data-orders-0 2026-11-21"').slice(1, -1),
    );
    expect(text).toContain('Why: docs/checks.md#delete-pvc-managed');
    expect(text).not.toContain('Allow it');
  });

  test('of many that are deleted at once the request has no name', () => {
    expect(found(deleted(claim(), live, { request: { name: '' } }))).toEqual(['deny delete-pvc-managed']);
  });

  test.each(kubernetesItself)('goes where %s deletes it', (username) => {
    const verdict = deleted(claim(), live, { request: { userInfo: { username } } });
    expect(verdict).toMatchObject({ allowed: true, reason: 'deleted by Kubernetes itself', findings: [] });
  });

  test('that is going already is not asked about again', () => {
    const going = claim({}, { deletionTimestamp: '2026-11-21T12:00:00Z' });
    expect(deleted(going, live)).toMatchObject({ allowed: true, reason: 'being deleted' });
  });

  test.each(['not-synced', 'forbidden'] as const)('where sets are %s: a warning', (why) => {
    const context = { ...live, facts: factTables(why) };
    expect(found(deleted(claim(), context))).toEqual(['warn look-up']);
  });

  test('a namespace whose state is not known may be ending: a warning, in any mode', () => {
    const policy = { ...live.policy, modes: new Map([['delete-pvc-managed', 'enforce' as const]]) };
    const context = { ...live, policy, namespaceIsEnding: () => undefined };
    expect(found(deleted(claim(), context))).toEqual(['warn delete-pvc-managed']);
  });
});

describe('a set', () => {
  const context = clusterWith();

  test('with its claims, without them, and leaving its pods', () => {
    expect(found(deleted(retentionDelete(managedSet()), context))).toEqual(['deny delete-with-data']);
    expect(found(deleted(managedSet(), context))).toEqual(['warn delete-orphan-ok']);
    const request = { options: { propagationPolicy: 'Orphan' } };
    expect(found(deleted(retentionDelete(managedSet()), context, { request }))).toEqual(['warn delete-orphan-ok']);
  });

  test('in a namespace that goes, whatever it says and whatever the config file says', () => {
    const modes = new Map(['delete-with-data', 'namespace-terminating'].map((id) => [id, 'enforce' as const]));
    const ending = { ...context, policy: { ...context.policy, modes }, namespaceIsEnding: () => true };
    expect(found(deleted(retentionDelete(managedSet()), ending))).toEqual(['warn namespace-terminating']);
  });

  test('modes and exemptions of the config file hold', () => {
    const off = { ...context, policy: { ...context.policy, modes: new Map([['delete-with-data', 'off' as const]]) } };
    expect(found(deleted(retentionDelete(managedSet()), off))).toEqual([]);
    const strict = {
      ...context,
      policy: { ...context.policy, modes: new Map([['delete-orphan-ok', 'enforce' as const]]) },
    };
    const refused = deleted(managedSet(), strict);
    expect(refused.allowed).toBe(false);
    expect(refused.findings[0]?.message).toContain('postgres.io/allow-delete-orphan-ok="orders 2026-11-21"');
    const exemption = {
      check: 'delete-with-data',
      namespace: 'shop',
      name: undefined,
      reason: 'tests',
      until: '2026-11-21',
    };
    const exempt = { ...context, policy: { ...context.policy, exemptions: [exemption] } };
    expect(deleted(retentionDelete(managedSet()), exempt).findings[0]?.message).toMatch(
      /^exempt until 2026-11-21 \("tests"\): /,
    );
  });

  test('without the label', () => {
    expect(deleted(managedSet({ labels: {} }), context)).toMatchObject({ reason: 'no label', findings: [] });
  });
});

test('what else is deleted is none of ours', () => {
  const kind = { group: '', version: 'v1', kind: 'ConfigMap' };
  expect(deleted(claim(), clusterWith(managedSet()), { kind })).toMatchObject({
    decision: 'not-ours',
    reason: 'DELETE',
  });
});
