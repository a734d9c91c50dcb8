import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { createLog } from '../../src/server/log.ts';
import type { Log } from '../../src/server/log.ts';

const directory = mkdtempSync(join(tmpdir(), 'pgusher-log-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function logTo(name: string): { readonly log: Log; readonly read: () => string; readonly close: () => void } {
  const path = join(directory, name);
  const descriptor = openSync(path, 'w');
  return {
    log: createLog('info', descriptor),
    read: () => readFileSync(path, 'utf8'),
    close: () => {
      closeSync(descriptor);
    },
  };
}

test('a line is JSON with a level in words and a time, and nothing of this machine', () => {
  const { log, read, close } = logTo('line');
  log.info({ uid: 'u\n1' }, 'review');
  log.flush();
  expect(JSON.parse(read())).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown,
    uid: 'u\n1',
    msg: 'review',
  });
  expect(read().split('\n')).toHaveLength(2);
  close();
});

test('an error carries its stack into the log', () => {
  const { log, read, close } = logTo('error');
  log.error({ err: new Error('broken') }, 'failed');
  log.flush();
  expect(JSON.parse(read())).toMatchObject({
    level: 'error',
    err: { message: 'broken', stack: expect.stringContaining('log.test.ts') as unknown },
  });
  close();
});

test('lines below the level are not written, and the level can change', () => {
  const { log, read, close } = logTo('level');
  log.debug({}, 'one');
  log.setLevel('debug');
  log.debug({}, 'two');
  log.setLevel('error');
  log.warn({}, 'three');
  log.flush();
  expect(
    read()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toMatchObject([{ msg: 'two' }]);
  close();
});

test('a single line is written without a flush, a moment later', async () => {
  const { log, read, close } = logTo('moment');
  log.info({}, 'alone');
  await sleep(500);
  expect(read()).toContain('alone');
  close();
});

test('200,000 lines at once leave nothing behind in memory', () => {
  const { log, close } = logTo('many');
  const line = { uid: '705ab4f5-6393-11e8-b7cc-42010a800002', namespace: 'shop', name: 'orders', decision: 'rendered' };
  for (let index = 0; index < 20_000; index += 1) log.info(line, 'review');
  const before = process.memoryUsage().rss;
  for (let index = 0; index < 200_000; index += 1) log.info(line, 'review');
  // 200,000 lines are 30 MB: kept back, they would show.
  expect(process.memoryUsage().rss - before).toBeLessThan(15 * 1024 * 1024);
  close();
});

test('a log that cannot be written any more stops nothing, and does not grow', () => {
  const { log, close } = logTo('closed');
  close();
  const line = { uid: 'x'.repeat(1000) };
  for (let index = 0; index < 20_000; index += 1) log.info(line, 'review');
  const before = process.memoryUsage().rss;
  for (let index = 0; index < 50_000; index += 1) log.info(line, 'review');
  expect(process.memoryUsage().rss - before).toBeLessThan(20 * 1024 * 1024);
});
