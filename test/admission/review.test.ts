import { describe, expect, test } from 'vitest';
import { decodeReview } from '../../src/admission/review.ts';
import { managedSet, reviewOf } from '../support/review.ts';
import type { JsonObject } from '../../src/workload/json.ts';

const text = (value: unknown): string => JSON.stringify(value);
const without = (value: JsonObject, key: string): JsonObject =>
  Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));

test('a review is read with its objects as they are', () => {
  const object = managedSet({ metadata: { finalizers: ['a/b'], 'x-unknown': { deep: [1, null] } } });
  expect(decodeReview(text(reviewOf({ object })))).toEqual({
    kind: 'review',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      operation: 'CREATE',
      kind: { group: 'apps', version: 'v1', kind: 'StatefulSet' },
      resource: { group: 'apps', resource: 'statefulsets' },
      subResource: '',
      namespace: 'shop',
      name: 'orders',
      user: 'ada',
      dryRun: false,
      orphans: false,
      object,
      oldObject: undefined,
    },
  });
});

test('a DELETE has a null object, and what Go leaves out is empty', () => {
  const review = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u',
      operation: 'DELETE',
      kind: { version: 'v1', kind: 'Node' },
      object: null,
      oldObject: { a: 1 },
    },
  };
  expect(decodeReview(text(review))).toEqual({
    kind: 'review',
    request: {
      uid: 'u',
      operation: 'DELETE',
      kind: { group: '', version: 'v1', kind: 'Node' },
      resource: { group: '', resource: '' },
      subResource: '',
      namespace: '',
      name: '',
      user: '',
      dryRun: false,
      orphans: false,
      object: undefined,
      oldObject: { a: 1 },
    },
  });
});

test.each<[JsonObject, string, boolean]>([
  [{ propagationPolicy: 'Orphan' }, 'DELETE', true],
  [{ orphanDependents: true }, 'DELETE', true],
  [{ propagationPolicy: 'Foreground' }, 'DELETE', false],
  [{ propagationPolicy: 'Orphan' }, 'UPDATE', false],
])('options %j of %s: what belongs to the object stays, %s', (options, operation, orphans) => {
  const decoded = decodeReview(text(reviewOf({ operation, oldObject: managedSet(), request: { options } })));
  expect(decoded).toMatchObject({ request: { orphans } });
});

describe('what is no review is told in one line', () => {
  const review = reviewOf();
  test.each<[string, unknown, string]>([
    ['null', null, 'the body is null; wanted an AdmissionReview'],
    ['a list', [review], 'the body is a list; wanted an AdmissionReview'],
    ['a text', 'review', 'the body is "review"; wanted an AdmissionReview'],
    ['a number', 7, 'the body is a number; wanted an AdmissionReview'],
    ['{}', {}, 'kind is missing; wanted "AdmissionReview"'],
    ['another kind', { ...review, kind: 'Pod' }, 'kind is "Pod"; wanted "AdmissionReview"'],
    [
      'v1beta1',
      { ...review, apiVersion: 'admission.k8s.io/v1beta1' },
      'apiVersion is "admission.k8s.io/v1beta1"; wanted "admission.k8s.io/v1"',
    ],
    ['no request', without(review, 'request'), 'request is missing; wanted an object'],
    ['request null', { ...review, request: null }, 'request is null; wanted an object'],
    ['request {}', { ...review, request: {} }, 'request.uid is missing; wanted a text that is not empty'],
    ['no uid', reviewOf({ request: { uid: '' } }), 'request.uid is ""; wanted a text that is not empty'],
    ['uid a number', reviewOf({ request: { uid: 7 } }), 'request.uid is a number; wanted a text that is not empty'],
    [
      'an unknown operation',
      reviewOf({ operation: 'PATCH' }),
      'request.operation is "PATCH"; wanted CREATE, UPDATE, DELETE, CONNECT',
    ],
    [
      'kind a text',
      reviewOf({ request: { kind: 'StatefulSet' } }),
      'request.kind is "StatefulSet"; wanted an object with group, version and kind',
    ],
    [
      'kind without kind',
      reviewOf({ kind: { group: 'apps' } }),
      'request.kind.kind is missing; wanted a text that is not empty',
    ],
    [
      'kind.group a list',
      reviewOf({ kind: { group: [], kind: 'StatefulSet' } }),
      'group in request is a list; wanted a text',
    ],
    ['no object on CREATE', reviewOf({ object: null }), 'request.object is null; CREATE needs the object'],
    ['object a text', reviewOf({ request: { object: 'x' } }), 'request.object is "x"; wanted an object'],
    ['object a list', reviewOf({ request: { object: [] } }), 'request.object is a list; wanted an object'],
    [
      'object a long text',
      reviewOf({ request: { object: 'x'.repeat(100) } }),
      `request.object is "${'x'.repeat(60)}…"; wanted an object`,
    ],
    [
      'no old object on UPDATE',
      reviewOf({ operation: 'UPDATE' }),
      'request.oldObject is null; UPDATE needs the old object',
    ],
    ['namespace a number', reviewOf({ request: { namespace: 7 } }), 'namespace in request is a number; wanted a text'],
    ['name an object', reviewOf({ request: { name: {} } }), 'name in request is an object; wanted a text'],
    [
      'sub-resource true',
      reviewOf({ request: { subResource: true } }),
      'subResource in request is true; wanted a text',
    ],
  ])('%s', (_name, value, message) => {
    expect(decodeReview(text(value))).toEqual({ kind: 'malformed', message });
  });

  test('truncated JSON', () => {
    expect(decodeReview(text(review).slice(0, 40))).toEqual({
      kind: 'malformed',
      message: 'the body is not JSON: it ends too early at line 1, column 41',
    });
  });
});
