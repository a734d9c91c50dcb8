import { expect, test } from 'vitest';
import { readInitdbArguments } from '../../src/workload/initdb-arguments.ts';

const nothing = {
  parameters: [],
  hostMethod: undefined,
  localMethod: undefined,
  checksums: undefined,
  walDirectory: undefined,
};

test.each([
  ['', {}],
  ['--auth=trust', { hostMethod: 'trust', localMethod: 'trust' }],
  ['-A "trust"', { hostMethod: 'trust', localMethod: 'trust' }],
  ["-A'md5'", { hostMethod: 'md5', localMethod: 'md5' }],
  ['--auth-host scram-sha-256 --auth-local=peer', { hostMethod: 'scram-sha-256', localMethod: 'peer' }],
  ['--auth-h=md5', { hostMethod: 'md5' }],
  ['--auth=md5 --auth-host=scram-sha-256', { hostMethod: 'scram-sha-256', localMethod: 'md5' }],
  ['# --auth=md5', {}],
  ['--data-checksums', { checksums: true }],
  ['-k', { checksums: true }],
  ['-gk', { checksums: true }],
  ['--no-data-checksums', { checksums: false }],
  ['"--no-data-checksums"', { checksums: false }],
  ['--no-data-c', { checksums: false }],
  ['-k --no-data-checksums', { checksums: false }],
  ['--no-data-checksums -k # no', { checksums: true }],
  ['--encoding=UTF8 --locale C --no-sync', {}],
  ['-E UTF8 -X /wal', { walDirectory: '/wal' }],
  ['--waldir "/my wal"', { walDirectory: '/my wal' }],
  ['-c fsync=off', { parameters: [['fsync', 'off']] }],
  [
    '-cfsync=off --set Wal-Level=minimal',
    {
      parameters: [
        ['fsync', 'off'],
        ['wal_level', 'minimal'],
      ],
    },
  ],
  ["--set='fsync = off'", { parameters: [['fsync', ' off']] }],
  ['--set fsync', {}],
  ['--locale -c fsync=off', {}],
  ['-c fsync=off -E $(printf UTF8)', { parameters: [['fsync', 'off']] }],
  ['-E `printf UTF8` --auth=md5', { hostMethod: 'md5', localMethod: 'md5' }],
  ['--auth=$(echo trust)', { hostMethod: 'trust', localMethod: 'trust' }],
  ['"unclosed', {}],
])('%s', (text, expected) => {
  const { options, ...read } = readInitdbArguments(text);
  expect(options).toBeInstanceOf(Array);
  expect(read).toEqual({ ...nothing, ...expected });
});

test('all options are told by their long names, whatever was written', () => {
  expect(readInitdbArguments('-k -A trust --set a=b -cc=d --no-data --sync-m=fsync').options).toEqual([
    'data-checksums',
    'auth',
    'set',
    'set',
    'no-data-checksums',
    'sync-method',
  ]);
});
