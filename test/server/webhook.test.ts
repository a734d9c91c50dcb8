import { gzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { managedSet, reviewOf } from '../support/review.ts';
import { startWebhook } from '../support/webhook.ts';
import type { TestWebhook } from '../support/webhook.ts';

const json = { 'content-type': 'application/json' };
const review = JSON.stringify(reviewOf());
const nested = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`;
const withObject = (object: string): string =>
  JSON.stringify(reviewOf({ object: { HERE: 1 } })).replace('{"HERE":1}', object);

let webhook: TestWebhook;
beforeAll(async () => {
  webhook = await startWebhook();
});
afterAll(() => {
  webhook.stop();
});

describe.each(['/mutate', '/validate'])('POST %s', (path) => {
  test.each<[string, string | Buffer, Readonly<Record<string, string>>, number, string]>([
    ['an empty body', '', json, 400, 'the body is empty; wanted an AdmissionReview as JSON'],
    [
      'truncated JSON',
      review.slice(0, 100),
      json,
      400,
      'the body is not JSON: it ends too early at line 1, column 101',
    ],
    ['JSON null', 'null', json, 400, 'the body is null; wanted an AdmissionReview'],
    ['{}', '{}', json, 400, 'kind is missing; wanted "AdmissionReview"'],
    ['a list', '[]', json, 400, 'the body is a list; wanted an AdmissionReview'],
    [
      'another version',
      review.replace('admission.k8s.io/v1', 'admission.k8s.io/v1beta1'),
      json,
      400,
      'apiVersion is "admission.k8s.io/v1beta1"; wanted "admission.k8s.io/v1"',
    ],
    [
      'another kind',
      review.replace('"AdmissionReview"', '"Pod"'),
      json,
      400,
      'kind is "Pod"; wanted "AdmissionReview"',
    ],
    [
      'a numeric uid',
      JSON.stringify(reviewOf({ request: { uid: 7 } })),
      json,
      400,
      'request.uid is a number; wanted a text that is not empty',
    ],
    [
      'malformed UTF-8',
      Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
      json,
      400,
      'the body is not UTF-8',
    ],
    ['no media type', review, {}, 415, 'content-type is not supported; wanted application/json'],
    [
      'a form',
      'a=b',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'content-type is not supported; wanted application/json',
    ],
    [
      'another JSON type',
      review,
      { 'content-type': 'application/json-patch+json' },
      415,
      'content-type is not supported; wanted application/json',
    ],
    [
      'a gzip body',
      gzipSync(review),
      { ...json, 'content-encoding': 'gzip' },
      415,
      'content-encoding is not supported; send the body as it is',
    ],
    ['one byte too many', Buffer.alloc(8 * 1024 * 1024 + 1, 0x20), json, 413, 'the body is larger than 8388608 bytes'],
    ['much too many', Buffer.alloc(12 * 1024 * 1024, 0x20), json, 413, 'the body is larger than 8388608 bytes'],
  ])('%s', async (_name, body, headers, status, line) => {
    const reply = await webhook.post(path, body, headers);
    expect({ status: reply.status, text: reply.text, type: reply.headers['content-type'] }).toEqual({
      status,
      text: `${line}\n`,
      type: 'text/plain; charset=utf-8',
    });
    expect(reply.headers['x-powered-by']).toBeUndefined();
  });

  test('another method', async () => {
    const reply = await webhook.post(path, '', json, 'PUT');
    expect(reply.text).toBe('PUT is not answered here; wanted POST\n');
    expect(reply.status).toBe(405);
    expect(reply.headers['allow']).toBe('POST');
  });

  test.each([
    ['a media type with a parameter', review, { 'content-type': 'Application/JSON; charset=utf-8' }],
    ['a body without a declared encoding', review, { ...json, 'content-encoding': 'identity' }],
    [
      'a key __proto__ in labels',
      withObject(JSON.stringify(managedSet()).replace('"labels":{', '"labels":{"__proto__":"x",')),
      json,
    ],
    ['5000 levels in a field that nobody knows', withObject(`{"metadata":{},"x":${nested}}`), json],
    ['an object with nothing in it', withObject('{}'), json],
    [
      'containers: null',
      withObject(
        '{"metadata":{"labels":{"postgres.io/managed":"true"}},"spec":{"template":{"spec":{"containers":null}}}}',
      ),
      json,
    ],
    ['DELETE with a null object', JSON.stringify(reviewOf({ operation: 'DELETE', object: null })), json],
    [
      'a legal review of 6 MB',
      withObject(JSON.stringify(managedSet({ annotations: { big: 'x'.repeat(6 * 1024 * 1024) } }))),
      json,
    ],
  ])('%s is answered with a review', async (_name, body, headers) => {
    const reply = await webhook.post(`${path}?timeout=10s`, body, headers);
    expect(reply.status).toBe(200);
    expect(reply.headers['content-type']).toBe('application/json');
    expect(JSON.parse(reply.text)).toMatchObject({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: '705ab4f5-6393-11e8-b7cc-42010a800002' },
    });
  });

  test('100 reviews at once on one connection are answered in order, each with its uid', async () => {
    const socket = await webhook.connect();
    const requests = Array.from({ length: 100 }, (_, index) => {
      const body = JSON.stringify(reviewOf({ request: { uid: `uid-${String(index)}` } }));
      return `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${String(body.length)}\r\n\r\n${body}`;
    });
    const answered = new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.split('"uid":').length === 101 && text.endsWith('}')) resolve(text);
      });
    });
    socket.write(requests.join(''));
    const text = await answered;
    socket.destroy();
    const uids = [...text.matchAll(/"uid":"(uid-\d+)"/g)].map((match) => match[1]);
    expect(uids).toEqual(Array.from({ length: 100 }, (_, index) => `uid-${String(index)}`));
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(100);
  });

  test('a client that goes away in the middle of its body is counted and hurts nobody', async () => {
    const socket = await webhook.connect();
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"kind"`,
    );
    await sleep(50);
    socket.destroy();
    await sleep(50);
    const metrics = await webhook.post('/metrics', '', {}, 'GET');
    expect(metrics.text).toContain(`pgusher_aborted_requests_total{webhook="${path.slice(1)}"} 1`);
    expect((await webhook.post(path, review)).status).toBe(200);
  });
});

test('a body that stalls is answered when the timeout of the request is over, not later', async () => {
  const socket = await webhook.connect();
  const began = performance.now();
  const answer = new Promise<string>((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('close', () => {
      resolve(text);
    });
  });
  socket.write(
    'POST /mutate?timeout=1s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"ki',
  );
  expect(await answer).toMatch(
    /^HTTP\/1\.1 408 Request Timeout\r\n[^]*Connection: close\r\n[^]*the body was not complete after 1 s\n$/,
  );
  const milliseconds = performance.now() - began;
  expect(milliseconds).toBeGreaterThan(950);
  expect(milliseconds).toBeLessThan(8_000);
});

test('one line is logged for a review, without the object', async () => {
  const object = managedSet({ annotations: { secret: 'hunter2' } });
  const request = { uid: 'logged-1', userInfo: { username: 'u'.repeat(1000) } };
  await webhook.post('/mutate', JSON.stringify(reviewOf({ object, request })));
  const lines = webhook.logged().filter((line) => line['uid'] === 'logged-1');
  expect(lines).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as unknown,
      webhook: 'mutate',
      uid: 'logged-1',
      namespace: 'shop',
      name: 'orders',
      operation: 'CREATE',
      user: 'u'.repeat(300),
      dryRun: false,
      decision: 'rendered',
      reason: 'create',
      revision: expect.stringMatching(/^[0-9a-f]+$/) as unknown,
      operations: expect.any(Number) as unknown,
      milliseconds: expect.any(Number) as unknown,
      msg: 'review',
    },
  ]);
});

test('metrics count by webhook, operation and decision, and findings by check', async () => {
  const env = [{ name: 'POSTGRES_PASSWORD', value: 'not-a-secret' }];
  await webhook.post('/mutate', JSON.stringify(reviewOf({ object: managedSet({ env }) })));
  const { text } = await webhook.post('/metrics', '', {}, 'GET');
  expect(text).toMatch(
    /^pgusher_reviews_total\{webhook="mutate",operation="CREATE",decision="rendered",dry_run="false"\} \d+$/m,
  );
  expect(text).toMatch(/^pgusher_findings_total\{check="plaintext-password",severity="deny"\} 1$/m);
  expect(text).toMatch(/^pgusher_refused_requests_total\{webhook="mutate",code="413"\} 2$/m);
  expect(text).toMatch(/^pgusher_review_duration_seconds_bucket\{le="0.001",webhook="mutate"\} \d+$/m);
  expect(text).toMatch(/^pgusher_certificate_not_after_timestamp_seconds 1\d{9}$/m);
  expect(text).toMatch(/^pgusher_build_info\{version="0\.1\.0"\} 1$/m);
  expect(text).toMatch(/^pgusher_requests_in_flight 1$/m);
  expect(text).not.toContain('orders');
});
