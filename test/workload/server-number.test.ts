import { describe, expect, test } from 'vitest';
import { readServerInteger, readServerMemory } from '../../src/workload/server-number.ts';

// As `postgres -C` of PostgreSQL 15 says of the same texts; bench/readers/server-args.mjs asks it.
describe('a whole number', () => {
  test.each<[string, number | undefined]>([
    ['100', 100],
    [' 200 ', 200],
    ['+7', 7],
    ['-1', -1],
    ['0100', 64],
    ['05432', 2842],
    ['0x64', 100],
    ['0X1f', 31],
    ['1e2', 100],
    ['1E+2', 100],
    ['.5e1', 5],
    ['0.5', 0],
    ['1.5', 2],
    ['2.5', 2],
    ['-1.5', -2],
    ['5.', 5],
    ['010.5', 10],
    ['0e1', 0],
    ['0x1.8', 2],
    ['09.5', undefined],
    ['0', 0],
    ['2147483647', 2147483647],
    ['2147483648', undefined],
    ['08', undefined],
    ['0x', undefined],
    ['1e400', undefined],
    ['1e', undefined],
    ['e2', undefined],
    ['.', undefined],
    ['', undefined],
    [' ', undefined],
    ['- 1', undefined],
    ['1 2', undefined],
    ['1_000', undefined],
    ['100MB', undefined],
    ['many', undefined],
  ])('%j is %s', (text, value) => {
    expect(readServerInteger(text)).toBe(value);
  });
});

describe('an amount of memory, shared_buffers', () => {
  test.each<[string, number | undefined]>([
    ['1GB', 2 ** 30],
    ['1.5GB', 1536 * 2 ** 20],
    ['0.1GB', 102 * 2 ** 20],
    ['.5GB', 512 * 2 ** 20],
    ['+1GB', 2 ** 30],
    [' 512 MB ', 512 * 2 ** 20],
    ['0x10MB', 16 * 2 ** 20],
    ['020MB', 16 * 2 ** 20],
    ['1e2MB', 100 * 2 ** 20],
    ['0x4000', 2 ** 27],
    ['1e3', 1000 * 8192],
    ['16384.6', 16385 * 8192],
    ['131072 kB', 2 ** 27],
    ['1gb', undefined],
    ['1 G B', undefined],
    ['GB', undefined],
    ['many', undefined],
  ])('%j is %s bytes', (text, bytes) => {
    expect(readServerMemory(text, '8kB')?.bytes).toBe(bytes);
  });

  test('a bare number counts in the unit of its parameter', () => {
    expect(readServerMemory('1024', 'MB')).toEqual({ bytes: 2 ** 30, hasUnit: false });
    expect(readServerMemory('4096', 'kB')).toEqual({ bytes: 2 ** 22, hasUnit: false });
    expect(readServerMemory('4MB', 'kB')).toEqual({ bytes: 2 ** 22, hasUnit: true });
  });
});
