import request from 'supertest';
import { expect, test } from 'vitest';
import type { Overview } from '../../src/page/overview.ts';
import type { Log } from '../../src/server/log.ts';
import { createPageApp } from '../../src/server/page-app.ts';
import { manySets, now, sample } from '../page/support/sample.ts';

const failures: string[] = [];
const nothing = (): void => undefined;
const log: Log = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: (_fields, message) => void failures.push(message),
  setLevel: nothing,
  flush: nothing,
};
const appOf = (overview: () => Overview) => createPageApp(overview, log);
const app = appOf(() => sample());

test('the page, of all and of a choice', async () => {
  const all = await request(app).get('/');
  expect([all.status, all.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(all.text).toContain('>analytics</a>/events');
  expect((await request(app).get('/?namespace=shop')).text).not.toContain('>analytics</a>/events');
  expect((await request(app).get('/?unsafe')).text).not.toContain('>shop</a>/orders');
  // What nobody writes is no reason to fail.
  expect((await request(app).get('/?namespace=a&namespace=b&unsafe[x]=1')).status).toBe(200);
});

test('each answer forbids scripts, frames, forms and whatever is elsewhere, and is kept by nobody', async () => {
  for (const path of ['/', '/style.css', '/nothing']) {
    const { headers } = await request(app).get(path);
    expect(headers).toMatchObject({
      'content-security-policy':
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    expect(headers['x-powered-by']).toBeUndefined();
  }
});

test.each(['post', 'put', 'patch', 'delete', 'options'] as const)(
  '%s is refused: it changes nothing',
  async (method) => {
    const answer = await request(app)[method]('/');
    expect([answer.status, answer.headers['allow'], answer.text]).toEqual([
      405,
      'GET, HEAD',
      'this page changes nothing; wanted GET\n',
    ]);
  },
);

test('what is not there, and what fails, is one line without a stack', async () => {
  expect((await request(app).get('/admin')).text).toBe('nothing here; / is the page\n');
  const failing = await request(
    appOf(() => {
      throw new Error('secret');
    }),
  ).get('/');
  expect([failing.status, failing.text]).toEqual([500, 'internal error; the log has it\n']);
  expect(failures).toEqual(['page failed']);
});

test('500 sets take less than 50 ms', async () => {
  const large = appOf(() => sample({ sets: { kind: 'known', at: now, sets: manySets(500) } }));
  const times: number[] = [];
  for (let round = 0; round < 15; round += 1) {
    const began = performance.now();
    expect((await request(large).get('/')).text.match(/<tr><td/g)?.length).toBeGreaterThan(500);
    times.push(performance.now() - began);
  }
  // Of several the quickest: what else a machine does is not the page's.
  expect(Math.min(...times)).toBeLessThan(50);
});
