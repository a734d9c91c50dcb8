import request from 'supertest';
import { expect, test } from 'vitest';
import { createApp } from '../../src/server/app.ts';
import type { Log } from '../../src/server/log.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import type { Readiness } from '../../src/server/readiness.ts';
import { Tally } from '../../src/server/tally.ts';

const lines: (readonly [Readonly<Record<string, unknown>>, string])[] = [];
const keep = (fields: Readonly<Record<string, unknown>>, message: string): void => void lines.push([fields, message]);
const log: Log = {
  debug: keep,
  info: keep,
  warn: keep,
  error: keep,
  setLevel: () => undefined,
  flush: () => undefined,
};
const metrics = createMetrics(new Tally(), {
  version: '1.2.3',
  certificateEnd: () => new Date('2027-01-01T00:00:00Z'),
  lookUps: () => new Map([['claims', 'forbidden']]),
});
const appWith = (readiness: Readiness) =>
  createApp({ version: '1.2.3', readiness, details: () => ['look-up claims: forbidden'], metrics, log });
const app = appWith(async () => Promise.resolve([]));

test.each(['/livez', '/healthz'])('%s answers whatever else is wrong', async (path) => {
  const answer = await request(appWith(async () => Promise.resolve(['all']))).get(path);
  expect([answer.status, answer.text]).toEqual([200, 'ok\n']);
  expect(answer.headers['x-powered-by']).toBeUndefined();
});

test('/readyz says what is missing', async () => {
  const ready = await request(app).get('/readyz');
  expect([ready.status, ready.text]).toEqual([200, 'ok\n']);
  const missing = await request(appWith(async () => Promise.resolve(['stopping', 'no certificate']))).get('/readyz');
  expect([missing.status, missing.text]).toEqual([503, 'not ready: stopping\nnot ready: no certificate\n']);
});

test('/readyz?verbose says more, which makes nothing unready', async () => {
  const answer = await request(app).get('/readyz?verbose');
  expect([answer.status, answer.text]).toEqual([200, 'ok\nlook-up claims: forbidden\n']);
});

test('/metrics is what Prometheus reads', async () => {
  const answer = await request(app).get('/metrics');
  expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(answer.text).toContain('pgusher_build_info{version="1.2.3"} 1\n');
  expect(answer.text).toContain('pgusher_look_up_state{objects="claims",state="forbidden"} 1\n');
  expect(answer.text).toContain('pgusher_certificate_not_after_timestamp_seconds 1798761600\n');
});

test('/ tells a person what this is', async () => {
  const answer = await request(app).get('/');
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(answer.text).toContain('<h1>pgusher 1.2.3</h1>');
});

test('anything else is 404 in one line', async () => {
  const answer = await request(app).get('/wp-admin');
  expect([answer.status, answer.text]).toEqual([404, 'nothing at /wp-admin; / lists what there is\n']);
  expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
});

test('a path that cannot be decoded is 404 too', async () => {
  const answer = await request(app).get('/%E0%A4%A');
  expect([answer.status, answer.text]).toEqual([404, 'nothing at /%E0%A4%A; / lists what there is\n']);
});

test('a failure of ours is 500 without its message; the log has it', async () => {
  const error = new Error('secret detail');
  const answer = await request(appWith(async () => Promise.reject(error))).get('/readyz');
  expect([answer.status, answer.text]).toEqual([500, 'internal error; the log has it\n']);
  expect(lines.at(-1)).toEqual([{ path: '/readyz', err: error }, 'failed']);
});
