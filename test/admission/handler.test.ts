import { describe, expect, test } from 'vitest';
import type { AdmissionContext } from '../../src/admission/admission.ts';
import { answerReview } from '../../src/admission/handler.ts';
import { managedSet, plainContext, reviewOf } from '../support/review.ts';
import type { JsonObject } from '../../src/workload/json.ts';

const broken: AdmissionContext = {
  ...plainContext,
  namespaceAnnotations: () => {
    throw new Error('the cache is broken');
  },
};

describe.each(['mutate', 'validate'] as const)('/%s', (webhook) => {
  test('a throw is our fault: the line names the request, the error is for the log', () => {
    const answer = answerReview(webhook, JSON.stringify(reviewOf()), broken);
    expect(answer).toMatchObject({
      kind: 'failed',
      line: 'pgusher failed on request "705ab4f5-6393-11e8-b7cc-42010a800002"; its log has the error under this uid',
      error: new Error('the cache is broken'),
    });
  });

  test('a uid cannot break the line', () => {
    const text = JSON.stringify(reviewOf({ request: { uid: `a\nb${'x'.repeat(200)}` } }));
    const answer = answerReview(webhook, text, broken);
    expect(answer.kind === 'failed' && answer.line).toBe(
      `pgusher failed on request "a\\nb${'x'.repeat(97)}"; its log has the error under this uid`,
    );
  });

  test('the same request gives the same bytes', () => {
    const text = JSON.stringify(reviewOf());
    expect(answerReview(webhook, text, plainContext)).toEqual(answerReview(webhook, text, plainContext));
  });

  test('what nests deeper than a stack is answered or refused, never a failure', () => {
    for (const depth of [900, 5000, 20_000]) {
      const nested = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
      for (const place of ['metadata', 'status', 'spec']) {
        const object: JsonObject = { ...managedSet(), [place]: 'HERE' };
        const update = reviewOf({ operation: 'UPDATE', object, oldObject: managedSet() });
        const answer = answerReview(webhook, JSON.stringify(update).replace('"HERE"', nested), plainContext);
        if (answer.kind === 'malformed') {
          expect(answer.line).toMatch(/^the body is nested \d+ levels deep; wanted at most 1000$/);
        } else {
          expect(answer.kind).toBe('reviewed');
        }
      }
    }
  });
});

test('an int64 in what we touch is sent back as it came', () => {
  const object = JSON.stringify(managedSet()).replace('"env":[', '"env":[{"name":"A","x":9007199254740993},');
  const review = JSON.stringify(reviewOf({ object: { HERE: 1 } })).replace('{"HERE":1}', object);
  const answer = answerReview('mutate', review, plainContext);
  if (answer.kind !== 'reviewed') throw new Error(answer.line);
  expect(JSON.stringify(answer.verdict.operations)).toContain('{"name":"A","x":9007199254740993}');
  const patch = /"patch":"([^"]*)"/.exec(answer.body)?.[1] ?? '';
  expect(Buffer.from(patch, 'base64').toString()).toContain('{"name":"A","x":9007199254740993}');
  expect(Buffer.from(patch, 'base64').toString()).not.toContain('9007199254740992');
});
