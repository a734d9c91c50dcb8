import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { TestModule } from 'vitest/node';
import { countTap } from '../../scripts/test/bats.ts';
import FileTimes, { leaveTimesIn, readTimes } from '../../scripts/test/file-times.ts';
import { countReport } from '../../scripts/test/vitest.ts';

test('TAP: ok, not ok and skip are counted', () => {
  expect(countTap('1..4\nok 1 a\nnot ok 2 b\n# (in test file x)\nok 3 c # skip no dash\nok 4 d\n', 1)).toEqual({
    passed: 2,
    failed: 1,
    skipped: 1,
    notes: ['not ok 2 b', 'ok 3 c # skip no dash'],
  });
});

test('TAP: a run that ends badly without a failed test is a failure', () => {
  expect(countTap('1..3\nok 1 a\n', 1)).toMatchObject({ passed: 1, failed: 1 });
});

const file = (name: string, status: string, statuses: readonly string[], message = '') => ({
  name,
  status,
  message,
  assertionResults: statuses.map((result, index) => ({
    fullName: `${name} ${index}`,
    status: result,
    failureMessages:
      result === 'failed' ? ['\u001b[31mAssertionError\u001b[39m: expected 1\n\nto be 2\n    at x.ts:1:2'] : [],
  })),
});

test('vitest: tests are counted, and a file that does not load is one failure', () => {
  const testResults = [
    file('/root/a', 'failed', ['passed', 'failed', 'pending']),
    file('/root/b', 'failed', [], 'SyntaxError: x\n  at y'),
    file('/root/c', 'passed', ['passed', 'skipped', 'todo']),
  ];
  expect(countReport({ testResults }, 1, '/root/')).toEqual({
    passed: 2,
    failed: 2,
    skipped: 3,
    notes: [
      'failed: /root/a 1',
      '  AssertionError: expected 1',
      '  to be 2',
      'failed: b: SyntaxError: x',
      'skipped: /root/a 2',
      'skipped: /root/c 1',
      'skipped: /root/c 2',
    ],
  });
});

test('vitest: an error outside of any test is a failure', () => {
  expect(countReport({ testResults: [file('/root/a', 'passed', ['passed'])] }, 1, '/root/')).toMatchObject({
    passed: 1,
    failed: 1,
  });
  expect(countReport({ testResults: [file('/root/a', 'passed', ['passed'])] }, 0, '/root/')).toMatchObject({
    passed: 1,
    failed: 0,
  });
});

test('vitest: how long a file takes is told, with the hooks in front of its tests', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pgusher-times-'));
  const times = join(directory, 'times.jsonl');
  const diagnostic = { duration: 2000, collectDuration: 400, setupDuration: 100 };
  vi.stubEnv('PGUSHER_FILE_TIMES', leaveTimesIn(times)['PGUSHER_FILE_TIMES']);
  const moduleId = join(process.cwd(), 'test/a.test.ts');
  new FileTimes().onTestModuleEnd({ moduleId, diagnostic: () => diagnostic } as unknown as TestModule);
  vi.unstubAllEnvs();
  expect(readTimes(times)).toEqual([{ file: 'test/a.test.ts', seconds: 2.5 }]);
  rmSync(directory, { recursive: true });
});
