import { expect, test } from 'vitest';
import { countParameter, memoryParameter, shownMemory } from '../../src/checks/parameters/parameter-value.ts';
import type { ServerContainer } from '../../src/workload/postgres-workload.ts';
import { workloadOf } from './check-fixture.ts';

function serverWith(parameter: string): ServerContainer {
  const containers = [{ name: 'postgres', image: 'postgres:17.6', args: ['-c', parameter] }];
  const { server } = workloadOf({ spec: { template: { spec: { containers } } } });
  if (server === undefined) throw new Error('no server');
  return server;
}

test.each([
  ['1GB', 2 ** 30],
  [' 512 MB ', 2 ** 29],
  ['1.5GB', 1.5 * 2 ** 30],
  ['2TB', 2 ** 41],
  ['16384', 2 ** 27],
  ['64kB', 2 ** 16],
  ['0.1GB', 102 * 2 ** 20],
  ['.5GB', 2 ** 29],
  ['0x4000', 2 ** 27],
  ['1gb', undefined],
  ['08MB', undefined],
  ['many', undefined],
  ['', undefined],
])('shared_buffers=%s', (text, bytes) => {
  expect(memoryParameter(serverWith(`shared_buffers=${text}`), 'shared_buffers')?.bytes).toBe(bytes);
});

test('a bare number counts in the unit of its parameter', () => {
  expect(memoryParameter(serverWith('max_wal_size=1024'), 'max_wal_size')).toEqual({ bytes: 2 ** 30, hasUnit: false });
  expect(memoryParameter(serverWith('work_mem=4096'), 'work_mem')).toEqual({ bytes: 2 ** 22, hasUnit: false });
});

test('a count', () => {
  expect(countParameter(serverWith('max_connections= 200'), 'max_connections')).toBe(200);
  expect(countParameter(serverWith('max_connections=2e2'), 'max_connections')).toBe(200);
  expect(countParameter(serverWith('max_connections=0100'), 'max_connections')).toBe(64);
  expect(countParameter(serverWith('max_connections=08'), 'max_connections')).toBeUndefined();
  expect(countParameter(serverWith('max_connections=200'), 'max_wal_senders')).toBeUndefined();
});

test.each([
  [100, '100 B'],
  [2 ** 30, '1 GB'],
  [1.5 * 2 ** 30, '1.5 GB'],
  [2 ** 29, '512 MB'],
])('%i bytes are shown as %s', (bytes, text) => {
  expect(shownMemory(bytes)).toBe(text);
});
