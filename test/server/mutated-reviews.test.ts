import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { mutate } from '../../src/admission/mutate.ts';
import { decodeReview } from '../../src/admission/review.ts';
import { applyOperations } from '../../src/plan/json-patch.ts';
import type { Operation } from '../../src/plan/json-patch.ts';
import { isObject } from '../../src/workload/json.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { edited } from '../pinning/cluster.ts';
import { managedSet, plainContext, reviewOf } from '../support/review.ts';
import { startWebhook } from '../support/webhook.ts';
import type { Reply, TestWebhook } from '../support/webhook.ts';

/** Requests in the default run; in batches of this many at once. */
const runs = 10_000;
const batch = 50;

let webhook: TestWebhook;
beforeAll(async () => {
  webhook = await startWebhook();
});
afterAll(() => {
  webhook.stop();
});

const warning = z
  .string()
  .max(120)
  .regex(/^[^\p{Cc}]*$/u);
const auditAnnotations = z.strictObject({
  decision: z.string().min(1),
  reason: z.string().min(1),
  revision: z.string().min(1).optional(),
  findings: z.string().min(1).optional(),
});
const common = { uid: z.string().min(1), warnings: z.array(warning).min(1).max(10).optional(), auditAnnotations };
const operation = z.union([
  z.strictObject({ op: z.enum(['add', 'replace']), path: z.string().startsWith('/'), value: z.unknown() }),
  z.strictObject({ op: z.literal('remove'), path: z.string().startsWith('/') }),
]);

/** What kube-apiserver takes for an answer. */
const answer = z.strictObject({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  response: z.union([
    z.strictObject({ ...common, allowed: z.literal(true) }),
    z.strictObject({ ...common, allowed: z.literal(true), patchType: z.literal('JSONPatch'), patch: z.base64() }),
    z.strictObject({
      ...common,
      allowed: z.literal(false),
      status: z.strictObject({
        status: z.literal('Failure'),
        message: z.string().regex(/^[^\n]{1,160}: \d+ problems?: .{1,300}\n- \[/),
        reason: z.literal('Forbidden'),
        code: z.literal(403),
      }),
    }),
  ]),
});

interface Sent {
  readonly path: string;
  readonly body: Buffer;
  readonly type: string;
}

/** The patch of an answer that allows; undefined where there is none. */
function check({ path }: Sent, reply: Reply): readonly Operation[] | undefined {
  expect([200, 400, 413, 415], reply.text).toContain(reply.status);
  expect(reply.text).not.toMatch(/\n\s+at |node:internal|\.ts:\d/);
  if (reply.status !== 200) {
    expect(reply.text).toMatch(/^[^\n]{1,400}\n$/);
    return undefined;
  }
  const { response } = answer.parse(JSON.parse(reply.text));
  if (!('patch' in response)) return undefined;
  expect(path).toBe('/mutate');
  const patch: unknown = JSON.parse(Buffer.from(response.patch, 'base64').toString());
  z.array(operation).min(1).parse(patch);
  return patch as readonly Operation[];
}

/** The review of an object that was patched as the answer said: nothing is left to do, and /validate takes it. */
async function checkAgain({ body }: Sent, operations: readonly Operation[]): Promise<void> {
  const decoded = decodeReview(body.toString());
  if (decoded.kind === 'malformed') throw new Error(decoded.message);
  const { request } = decoded;
  const patched = applyOperations(request.object ?? null, operations);
  const { kind, namespace, name, subResource } = request;
  const again = reviewOf({
    operation: request.operation,
    object: patched as JsonObject,
    oldObject: request.oldObject ?? null,
    request: { kind, namespace, name, subResource },
  });
  const [mutated, validated] = await Promise.all(
    ['/mutate', '/validate'].map(async (path) => webhook.post(path, JSON.stringify(again))),
  );
  expect(mutated).toMatchObject({ status: 200, text: expect.not.stringContaining('"patch"') as string });
  expect(JSON.parse(mutated?.text ?? '')).toMatchObject({ response: { allowed: true } });
  expect(JSON.parse(validated?.text ?? '')).toMatchObject({ response: { allowed: true } });
}

/** What a StatefulSet can hold that injecting adds to. */
const pod = ['spec', 'template', 'spec'];
const furnished: JsonObject = [
  [['spec', 'template', 'metadata', 'annotations'], { note: 'x' }] as const,
  [[...pod, 'terminationGracePeriodSeconds'], 60] as const,
  [[...pod, 'volumes'], [{ name: 'scratch', emptyDir: {} }]] as const,
  [[...pod, 'initContainers'], [{ name: 'wait', image: 'busybox:1', command: ['true'] }]] as const,
  [[...pod, 'containers', 'postgres', 'ports'], [{ containerPort: 5432, name: 'pg' }]] as const,
  [[...pod, 'containers', 'postgres', 'lifecycle'], { preStop: { exec: { command: ['sleep', '5'] } } }] as const,
  [[...pod, 'containers', 'postgres', 'readinessProbe'], { tcpSocket: { port: 5432 } }] as const,
  [[...pod, 'containers', 'postgres', 'resources'], { limits: { memory: '1Gi', cpu: 1 } }] as const,
].reduce<JsonObject>(
  (object, [path, value]) => edited(object, path, value),
  managedSet({ args: ['-c', 'work_mem=4MB'] }),
);

function injected(object: JsonObject): JsonObject {
  const decoded = decodeReview(JSON.stringify(reviewOf({ object })));
  const verdict = decoded.kind === 'malformed' ? undefined : mutate(decoded.request, plainContext);
  if (verdict?.object === undefined) throw new Error('it is not injected into');
  return verdict.object;
}
const stored = injected(furnished);

const bases: readonly unknown[] = [
  reviewOf({ object: furnished }),
  reviewOf({ object: stored }),
  reviewOf({ operation: 'UPDATE', oldObject: stored, object: stored }),
  reviewOf({ operation: 'UPDATE', oldObject: stored, object: furnished }),
  reviewOf({ operation: 'UPDATE', oldObject: injected(managedSet()), object: stored }),
  reviewOf(),
  reviewOf({ operation: 'UPDATE', oldObject: managedSet(), object: managedSet({ image: 'postgres:17.7-bookworm' }) }),
  reviewOf({ operation: 'UPDATE', oldObject: managedSet(), object: managedSet({ labels: {} }) }),
  reviewOf({ operation: 'DELETE', object: null, oldObject: managedSet() }),
  reviewOf({
    object: managedSet({ annotations: { 'postgres.io/backup-keep': '7', 'postgres.io/allow-fsync-off': 'x' } }),
  }),
  reviewOf({
    object: managedSet({ args: ['-c', 'fsync=off'], image: 'localhost:5000/mirror/postgres:17-alpine@sha256:00' }),
  }),
];

/** Values that real and false manifests have where another is expected. */
const strange: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -1,
    1e21,
    '',
    '0',
    'true',
    [],
    {},
    [[]],
    [null],
    '10Gi',
    '\u0000',
    '\ud800',
    '$(X)',
    'a'.repeat(5000),
  ),
  fc.integer(),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.jsonValue({ maxDepth: 3 }),
  fc.integer({ min: 1, max: 300 }).map((depth) => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`) as unknown),
);

type Step =
  | { readonly kind: 'replace' | 'insert'; readonly at: number; readonly value: unknown }
  | { readonly kind: 'remove' | 'double'; readonly at: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('replace' as const, 'insert' as const), at: fc.nat(), value: strange }),
  fc.record({ kind: fc.constantFrom('remove' as const, 'double' as const), at: fc.nat() }),
);

const places = (value: unknown): number =>
  isObject(value) || Array.isArray(value)
    ? 1 + Object.values(value).reduce<number>((sum, member) => sum + places(member), 0)
    : 1;

/** Does `step` at one of the places of a value, counted depth first. */
function changed(value: unknown, change: Step): unknown {
  let left = change.at % places(value);
  const visit = (seen: unknown): { readonly keep: readonly unknown[] } => {
    if (left === 0) {
      left = -1;
      switch (change.kind) {
        case 'replace':
          return { keep: [change.value] };
        case 'insert':
          return { keep: [seen, change.value] };
        case 'remove':
          return { keep: [] };
        case 'double':
          return { keep: [seen, seen] };
      }
    }
    left -= 1;
    if (Array.isArray(seen)) return { keep: [seen.flatMap((item: unknown) => visit(item).keep)] };
    if (!isObject(seen)) return { keep: [seen] };
    const members = Object.entries(seen).flatMap(([key, member]) =>
      visit(member).keep.map((kept, index): [string, unknown] => [index === 0 ? key : `${key}${String(index)}`, kept]),
    );
    return { keep: [Object.fromEntries(members)] };
  };
  return visit(value).keep[0];
}

/** Bytes overwritten in the text: broken JSON, broken UTF-8, truncation. */
const spoil = fc.oneof(
  { weight: 8, arbitrary: fc.constant((bytes: Buffer) => bytes) },
  { weight: 1, arbitrary: fc.nat().map((at) => (bytes: Buffer) => bytes.subarray(0, at % (bytes.length + 1))) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 4 }))
      .map(([at, replacement]) => (bytes: Buffer) => {
        const spoiled = Buffer.from(bytes);
        spoiled.set(replacement.subarray(0, spoiled.length), at % Math.max(1, spoiled.length - 4));
        return spoiled;
      }),
  },
);

const sent: fc.Arbitrary<Sent> = fc
  .tuple(
    fc.constantFrom('/mutate', '/validate'),
    fc.constantFrom(...bases),
    fc.array(step, { maxLength: 4 }),
    spoil,
    fc.oneof(
      { weight: 40, arbitrary: fc.constant('application/json') },
      { weight: 1, arbitrary: fc.constant('text/json') },
    ),
  )
  .map(([path, base, steps, spoiled, type]) => {
    const text = JSON.stringify(steps.reduce<unknown>(changed, base)) as string | undefined;
    return { path, body: spoiled(Buffer.from(text ?? '')), type };
  });

test(`${String(runs)} mutated reviews: each is answered by a valid review or refused in one line, and what was patched needs no patch`, async () => {
  const statuses = new Map<number, number>();
  let patched = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(sent, { minLength: batch, maxLength: batch, size: 'max' }), async (requests) => {
      const replies = await Promise.all(
        requests.map(async ({ path, body, type }) => webhook.post(path, body, { 'content-type': type })),
      );
      const again: Promise<void>[] = [];
      for (const [index, reply] of replies.entries()) {
        const request = requests[index];
        const patch = request === undefined ? undefined : check(request, reply);
        if (request !== undefined && patch !== undefined) again.push(checkAgain(request, patch));
        statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
      }
      patched += again.length;
      await Promise.all(again);
    }),
    { numRuns: runs / batch },
  );
  // The mutations are neither too mild nor too wild to show anything.
  expect(statuses.get(200)).toBeGreaterThan(runs / 10);
  expect(statuses.get(400)).toBeGreaterThan(runs / 20);
  expect(statuses.get(415)).toBeGreaterThan(0);
  expect(patched).toBeGreaterThan(runs / 20);
});
