import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AdmissionContext, Outcome } from '../../src/admission/admission.ts';
import { AnswerMemory } from '../../src/admission/answer-memory.ts';
import { answerReview } from '../../src/admission/handler.ts';
import { mutate } from '../../src/admission/mutate.ts';
import { questionOf } from '../../src/admission/question.ts';
import { answerTo, mutationRest, validationRest } from '../../src/admission/response.ts';
import { decodeReview } from '../../src/admission/review.ts';
import { validate } from '../../src/admission/validate.ts';
import { noPolicy } from '../../src/checks/policy.ts';
import { factTables } from '../../src/workload/fact-table.ts';
import { digest } from '../../src/plan/content-hash.ts';
import { isObject, objectAt } from '../../src/workload/json.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { managedSet, plainContext, reviewOf } from '../support/review.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const secret = { name: 'POSTGRES_PASSWORD', valueFrom: { secretKeyRef: { name: 'orders', key: 'password' } } };

/** Few enough that they come again. */
const set: fc.Arbitrary<JsonObject> = fc
  .record({
    labels: fc.constantFrom<JsonObject>({ 'postgres.io/managed': 'true' }, { app: 'orders' }),
    annotations: fc.constantFrom<JsonObject | undefined>(
      undefined,
      {},
      { [lastApplied]: '{}' },
      { 'postgres.io/backup-keep': '7' },
      { 'postgres.io/nonsense': '7', [lastApplied]: '{}' },
    ),
    image: fc.constantFrom('postgres:17.6-bookworm', 'postgres:18', 'bitnami/postgresql:17'),
    env: fc.constantFrom<readonly JsonObject[]>([secret], [{ name: 'POSTGRES_PASSWORD', value: 'not-a-secret' }]),
  })
  .map(({ annotations, ...parts }) => managedSet({ ...parts, ...(annotations === undefined ? {} : { annotations }) }));

const contexts: readonly AdmissionContext[] = [
  plainContext,
  { ...plainContext, clusterSettings: { 'backup-keep': '9' } },
  { ...plainContext, policy: { ...noPolicy, modes: new Map([['plaintext-password', 'warn']]) } },
  { ...plainContext, withRollout: true },
  { ...plainContext, namespaceAnnotations: () => ({ 'postgres.io/stop-grace': '900s' }) },
  { ...plainContext, namespaceAnnotations: () => ({ 'postgres.io/stop-grace': '901s' }) },
  { ...plainContext, facts: factTables('forbidden') },
];

/** What the apiserver and clients write that no answer depends on. */
interface Noise {
  readonly text: string;
  readonly number: number;
}
const noise: fc.Arbitrary<Noise> = fc.record({ text: fc.string(), number: fc.nat() });

function noisy(object: JsonObject, { text, number }: Noise): JsonObject {
  const metadata = objectAt(object, 'metadata');
  const annotations = objectAt(metadata, 'annotations');
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(Object.hasOwn(annotations, lastApplied) ? { annotations: { ...annotations, [lastApplied]: text } } : {}),
      uid: text,
      resourceVersion: text,
      selfLink: text,
      generation: number,
      creationTimestamp: text,
      managedFields: [{ manager: text }],
    },
    status: { replicas: number },
  };
}

function admitted(object: JsonObject): JsonObject {
  const decoded = decodeReview(JSON.stringify(reviewOf({ object })));
  return (decoded.kind === 'review' ? mutate(decoded.request, plainContext).object : undefined) ?? object;
}

interface Asked {
  readonly webhook: 'mutate' | 'validate';
  readonly context: AdmissionContext;
  readonly object: JsonObject;
  readonly oldObject: JsonObject | null;
}

const asked: fc.Arbitrary<Asked> = fc
  .record({
    webhook: fc.constantFrom('mutate' as const, 'validate' as const),
    context: fc.constantFrom(...contexts),
    form: fc.constantFrom('create', 'create-injected', 'update', 'update-injected'),
    sets: fc.tuple(set, set),
  })
  .map(({ form, sets: [first, second], ...rest }) => ({
    ...rest,
    object: form.endsWith('injected') ? admitted(first) : first,
    oldObject: form.startsWith('update') ? admitted(second) : null,
  }));

function textOf({ object, oldObject }: Asked, [first, second]: readonly [Noise, Noise]): string {
  return JSON.stringify(
    reviewOf({
      operation: oldObject === null ? 'CREATE' : 'UPDATE',
      object: noisy(object, first),
      oldObject: oldObject && noisy(oldObject, second),
      request: {
        uid: first.text === '' ? 'u' : first.text,
        name: second.text,
        dryRun: first.number % 2 === 0,
        userInfo: { username: second.text },
      },
    }),
  );
}

test('a remembered answer is the one that would be worked out', () => {
  const seen = new Set<Outcome>();
  let remembered = 0;
  const ask = (question: Asked, text: string): void => {
    const { webhook, context } = question;
    const answer = answerReview(webhook, text, context);
    const decoded = decodeReview(text);
    if (answer.kind !== 'reviewed' || decoded.kind !== 'review') throw new Error('not reviewed');
    const verdict = webhook === 'mutate' ? mutate(decoded.request, context) : validate(decoded.request, context);
    const rest = webhook === 'mutate' ? mutationRest(verdict) : validationRest(verdict);
    expect(answer.body).toBe(answerTo(decoded.request.uid, rest));
    expect(answer.verdict).toEqual({ ...verdict, object: undefined });
    expect(answer.request).toEqual(decoded.request);
    if (seen.has(answer.verdict)) remembered += 1;
    seen.add(answer.verdict);
  };
  const pair = fc.tuple(noise, noise);
  fc.assert(
    fc.property(asked, pair, pair, (question, first, second) => {
      ask(question, textOf(question, first));
      ask(question, textOf(question, second));
      ask(question, textOf(question, first));
    }),
    { numRuns: 1000 },
  );
  expect(remembered).toBeGreaterThan(500);
  expect(seen.size).toBeGreaterThan(300);
});

describe('a question', () => {
  const question = (parts: Parameters<typeof reviewOf>[0], context = plainContext): string | undefined => {
    const decoded = decodeReview(JSON.stringify(reviewOf(parts)));
    if (decoded.kind !== 'review') throw new Error(decoded.message);
    return questionOf('mutate', decoded.request, context);
  };

  test('is another one for each change of what the user wrote', () => {
    const place = fc.constantFrom('object', 'metadata', 'annotations', 'spec');
    const key = fc.constantFrom('a', 'name', 'ownerReferences', 'finalizers', '__proto__', 'rawJSON', '1');
    fc.assert(
      fc.property(place, key, fc.jsonValue(), fc.jsonValue(), (where, name, one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        const [first, second] = [one, other].map((value) => {
          const change = parsed(JSON.stringify({ [name]: value }));
          const object = managedSet();
          if (where === 'object') return question({ object: { ...object, ...change } });
          if (where === 'annotations') return question({ object: managedSet({ annotations: change }) });
          return question({ object: { ...object, [where]: { ...objectAt(object, where), ...change } } });
        });
        expect(first).toHaveLength(32);
        expect(second).not.toBe(first);
      }),
    );
  });

  test('has no two readings: what stands in one place cannot be taken for another', () => {
    const one = managedSet({ annotations: { a: 'b"1:c"1:d' } });
    const other = managedSet({ annotations: { a: 'b', c: 'd' } });
    expect(question({ object: one })).not.toBe(question({ object: other }));
    expect(question({ object: one, oldObject: other, operation: 'UPDATE' })).not.toBe(
      question({ object: other, oldObject: one, operation: 'UPDATE' }),
    );
  });

  test('is not asked about what nobody manages', () => {
    expect(question({ object: managedSet({ labels: {} }) })).toBeUndefined();
    expect(question({ operation: 'DELETE', object: null, oldObject: managedSet() })).toBeUndefined();
  });

  test('is another one on another day, with other settings and for another webhook', () => {
    const decoded = decodeReview(JSON.stringify(reviewOf()));
    if (decoded.kind !== 'review') throw new Error(decoded.message);
    const { request } = decoded;
    const questions = [...contexts, { ...plainContext, today: '2026-11-22' }].flatMap((context) => [
      questionOf('mutate', request, context),
      questionOf('validate', request, context),
    ]);
    expect(new Set(questions).size).toBe(2 * (contexts.length + 1));
    expect(questionOf('mutate', { ...request, namespace: 'shop2' }, plainContext)).not.toBe(questions[0]);
  });
});

function parsed(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  return isObject(value) ? value : {};
}

describe('the memory is bounded', () => {
  const outcome: Outcome = {
    decision: 'accepted',
    reason: 'no denial',
    allowed: true,
    findings: [],
    operations: [],
    reasons: [],
    warnings: [],
    revision: undefined,
  };
  const keep = (memory: AnswerMemory, asked: string, kept: ReturnType<typeof answer>): void => {
    memory.keep(asked, kept);
    memory.keep(asked, kept);
  };
  const answer = (length: number): { outcome: Outcome; rest: string } => ({ outcome, rest: 'x'.repeat(length) });

  test('in characters: what was asked for longest ago is forgotten', () => {
    const memory = new AnswerMemory();
    keep(memory, digest('often'), answer(10));
    for (let number = 0; number < 1000; number += 1) {
      keep(memory, digest(`question ${String(number)}`), answer(100_000));
      expect(memory.recall(digest('often'))).toEqual(answer(10));
      expect(memory.size).toBeLessThanOrEqual(4 * 1024 * 1024);
    }
    expect(memory.recall(digest('question 999'))).toEqual(answer(100_000));
    expect(memory.recall(digest('question 950'))).toBeUndefined();
  });

  test('in number', () => {
    const memory = new AnswerMemory();
    for (let number = 0; number < 1000; number += 1) keep(memory, digest(String(number)), answer(0));
    expect(memory.recall(digest('743'))).toBeUndefined();
    expect(memory.recall(digest('744'))).toEqual(answer(0));
  });

  test('a huge one is not kept, and one that is kept anew counts once', () => {
    const memory = new AnswerMemory();
    keep(memory, digest('huge'), answer(300_000));
    expect(memory.recall(digest('huge'))).toBeUndefined();
    expect(memory.size).toBe(0);
    keep(memory, digest('a'), answer(9));
    memory.keep(digest('a'), answer(4));
    expect(memory.size).toBe(4);
  });

  test('an answer is kept when its question comes for the second time', () => {
    const memory = new AnswerMemory();
    memory.keep(digest('a'), answer(9));
    expect(memory.recall(digest('a'))).toBeUndefined();
    memory.keep(digest('b'), answer(9));
    memory.keep(digest('a'), answer(9));
    expect(memory.recall(digest('a'))).toEqual(answer(9));
    expect(memory.recall(digest('b'))).toBeUndefined();
  });
});

test('a question is another one when something changed that can be looked up from its namespace', () => {
  const facts = factTables(undefined);
  const decoded = decodeReview(JSON.stringify(reviewOf({ object: managedSet() })));
  if (decoded.kind !== 'review') throw new Error('no review');
  const ask = () => questionOf('mutate', decoded.request, { ...plainContext, facts });
  const first = ask();
  facts.claims.put({ metadata: { namespace: 'elsewhere', name: 'backups' } });
  expect(ask()).toBe(first);
  facts.claims.put({ metadata: { namespace: decoded.request.namespace, name: 'backups' } });
  const second = ask();
  expect(second).not.toBe(first);
  facts.storageClasses.put({ metadata: { name: 'fast' } });
  expect(ask()).not.toBe(second);
});
