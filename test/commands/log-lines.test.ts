import { expect, test } from 'vitest';
import type { SetContainer } from '../../src/cluster/list-set-pods.ts';
import { isAfter, logText, mergeLogs, readLogLine } from '../../src/commands/log-lines.ts';
import { logSources } from '../../src/commands/log-sources.ts';

const read = (source: string, ...lines: readonly string[]) => lines.map((line) => readLogLine(source, line));

test('logs of several containers come in the order of time, to the nanosecond and across zones', () => {
  const merged = mergeLogs([
    read('a', '2026-11-30T10:00:00.000000002Z two', 'a line of two', '2026-11-30T10:00:01Z five'),
    read('b', '2026-11-30T10:00:00.000000001Z one', '2026-11-30T11:00:00.000000003+01:00 three'),
    read('c', '2026-11-30T10:00:00.5Z four'),
  ]);
  expect(merged.map(({ text }) => text)).toEqual(['one', 'two', 'a line of two', 'three', 'four', 'five']);
});

test('lines of one container stay in their order, whatever its clock did', () => {
  const merged = mergeLogs([read('a', '2026-11-30T10:00:05Z first', '2026-11-30T10:00:04Z second')]);
  expect(merged.map(({ text }) => text)).toEqual(['first', 'second']);
});

test('an empty line stays one, and a name is in front of each', () => {
  const [line] = read('db-0/postgres', '2026-11-30T10:00:00Z ');
  expect(line).toEqual({ source: 'db-0/postgres', time: '2026-11-30T10:00:00Z', text: '' });
  expect(line === undefined ? '' : logText(line, 15)).toBe('db-0/postgres   | \n');
});

test('what was shown is known again when a log is opened anew', () => {
  const [line] = read('a', '2026-11-30T10:00:00.123456789Z x');
  if (line === undefined) throw new Error('no line');
  expect(isAfter(line, '2026-11-30T10:00:00.123456789Z')).toBe(false);
  expect(isAfter(line, '2026-11-30T10:00:00.123456788Z')).toBe(true);
});

function sourcesOf(container: Partial<SetContainer>): readonly string[] {
  const running = { name: 'postgres', state: 'running', reason: '', restarts: 0, before: 'none' } as const;
  const containers = [{ ...running, ...container }];
  return logSources([{ name: 'db-0', uid: 'u', containers }], 'postgres').map(({ name, key }) => `${name} ${key}`);
}

test('which logs there are: of what ran, and of what crashed before it', () => {
  expect(sourcesOf({})).toEqual(['db-0/postgres u/postgres/0']);
  expect(sourcesOf({ name: 'exporter' })).toEqual([]);
  expect(sourcesOf({ name: 'pgusher-restore', state: 'terminated' })).toEqual([
    'db-0/pgusher-restore u/pgusher-restore/0',
  ]);
  expect(sourcesOf({ state: 'waiting' })).toEqual([]);
  expect(sourcesOf({ state: 'waiting', before: 'failed' })).toEqual(['db-0/postgres u/postgres/0']);
  expect(sourcesOf({ restarts: 2, before: 'ended' })).toEqual(['db-0/postgres u/postgres/2']);
  expect(sourcesOf({ restarts: 2, before: 'failed' })).toEqual([
    'db-0/postgres (before) u/postgres/1',
    'db-0/postgres u/postgres/2',
  ]);
});
