import { expect, test } from 'vitest';
import type { SettingName } from '../../src/workload/settings.ts';
import { settingDefinitions } from '../../src/workload/setting-table.ts';

/** What each annotation makes of a text, and what it refuses. */
const cases: Partial<
  Record<SettingName, { accepts: readonly (readonly [string, unknown])[]; refuses: readonly string[] }>
> = {
  container: { accepts: [['db-0', 'db-0']], refuses: ['', 'DB', 'a.b', '-a', 'x'.repeat(64)] },
  version: { accepts: [['17', 17]], refuses: ['', '9', '17.6', 'v17', '017', '100', '1e1', '17 18'] },
  'data-directory': {
    accepts: [['/var/lib/postgresql/data/pgdata', '/var/lib/postgresql/data/pgdata']],
    refuses: ['', '/', 'data', '/data/', '//data', '/data/../etc', '/data/.', '/da\nta', '/$(X)/../y'],
  },
  backup: {
    accepts: [
      ['on', true],
      ['off', false],
    ],
    refuses: ['', 'true', 'ON', 'yes', '1'],
  },
  'backup-engine': { accepts: [['volume', 'volume']], refuses: ['', 'wal-g', 'Volume'] },
  'backup-claim': { accepts: [['a.b-c', 'a.b-c']], refuses: ['', 'A', 'a_b', 'a/b', '..'] },
  'backup-storage': {
    accepts: [
      ['auto', { kind: 'auto' }],
      ['none', { kind: 'none' }],
      ['20Gi', { kind: 'size', quantity: '20Gi' }],
    ],
    refuses: ['', '0', '-1Gi', '20GB', 'Auto', '100m'],
  },
  'backup-prefix': {
    accepts: [
      ['shop/orders', 'shop/orders'],
      ['a', 'a'],
      ['A.b_c-d/e', 'A.b_c-d/e'],
    ],
    refuses: [
      '',
      '/shop',
      'shop/',
      'a//b',
      '../shop',
      'a/../b',
      'a/./b',
      '.tmp-a',
      'a b',
      'a;b',
      '$(NAME)',
      'x'.repeat(256),
    ],
  },
  'backup-schedule': {
    accepts: [
      ['30 2 * * *', '30 2 * * *'],
      ['*/15 * * * 1-5', '*/15 * * * 1-5'],
      ['0 3 1 * *', '0 3 1 * *'],
      ['0 3 * * SUN', '0 3 * * SUN'],
    ],
    refuses: [
      '',
      '* * * *',
      '0 0 3 * * *',
      '61 * * * *',
      '0 25 * * *',
      '0 0 30 2 *',
      '@daily',
      'daily',
      '0 3 * * *;',
      `${'1,'.repeat(60)}1 * * * *`,
    ],
  },
  'backup-time-zone': {
    accepts: [
      ['UTC', 'UTC'],
      ['Europe/Berlin', 'Europe/Berlin'],
      ['America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
    ],
    refuses: ['', '+02:00', 'Nowhere/City', 'Europe/', '../etc/passwd', 'CEST', 'BST', 'AST', 'IST', 'SystemV/EST5'],
  },
  'backup-keep': {
    accepts: [
      ['2', 2],
      ['1000', 1000],
    ],
    refuses: ['', '1', '0', '-3', '2.5', '1001', '07', '1e1', '٧'],
  },
  'backup-keep-for': {
    accepts: [
      ['36h', 129_600],
      ['14d', 1_209_600],
      ['2w', 1_209_600],
    ],
    refuses: ['', '14', '0d', '1.5d', '14 d', '14D', '30m', '1d12h', '100000w'],
  },
  'backup-compression': { accepts: [['gzip', 'gzip']], refuses: ['lz4', 'ZSTD', ''] },
  bootstrap: { accepts: [['initialize', 'initialize']], refuses: ['initialise', 'Auto', ''] },
  'when-behind': {
    accepts: [
      ['stop', 'stop'],
      ['catch-up', 'catch-up'],
      ['fork', 'fork'],
    ],
    refuses: ['catchup', 'Fork', 'start', ''],
  },
  'restore-backup': {
    accepts: [
      ['latest', 'latest'],
      ['20261121T030000Z_00000001_0000000002000028', '20261121T030000Z_00000001_0000000002000028'],
    ],
    refuses: [
      '',
      'newest',
      '20261121T030000Z',
      '20261121T030000Z_00000001_0000000002000028/..',
      '20261121T030000Z_0000000a_0000000002000028',
    ],
  },
  'restore-target-time': {
    accepts: [
      ['2026-11-21 06:00:00+00', '2026-11-21 06:00:00+00'],
      ['2026-11-21T06:00:00Z', '2026-11-21T06:00:00+00'],
      ['2026-11-21 06:00:00 Z', '2026-11-21 06:00:00+00'],
      ['2026-11-21 06:00:00.123456-03:30', '2026-11-21 06:00:00.123456-03:30'],
      ['2026-11-21 06:00 +0530', '2026-11-21 06:00 +0530'],
      ['2026-11-21 06:00:00 Europe/Berlin', '2026-11-21 06:00:00 Europe/Berlin'],
      ['2026-11-21 06:00:00 UTC', '2026-11-21 06:00:00 UTC'],
      ['2028-02-29 00:00:00+15:59', '2028-02-29 00:00:00+15:59'],
    ],
    refuses: [
      '',
      'now',
      'yesterday',
      '2026-11-21',
      '2026-11-21 06:00:00',
      '2026-11-21T06:00:00',
      '2026-02-30 06:00:00+00',
      '2026-13-01 06:00:00+00',
      '2026-11-21 25:00:00+00',
      '2026-11-21 06:60:00+00',
      '2026-11-21 06:00:00+16',
      '2026-11-21 06:00:00 Nowhere/City',
      '2026-11-21 06:00:00.1234567+00',
      '2026-11-21 06:00:00 BST',
      '2026-11-21 06:00:00 NZ',
      '2026-11-21 06:00:00 CET',
      '21.11.2026 06:00:00+00',
      "2026-11-21 06:00:00+00'",
      '0000-01-01 00:00:00+00',
    ],
  },
  'restore-target-lsn': {
    accepts: [
      ['16/B374D848', '16/B374D848'],
      ['0/0', '0/0'],
      ['ffffffff/FFFFFFFF', 'ffffffff/FFFFFFFF'],
    ],
    refuses: ['', '16', '16/', '/1', '16/B374D8481', '1G/0', '0x16/0', '16/B374D848 '.repeat(2)],
  },
  'restore-target-xid': {
    accepts: [
      ['3', '3'],
      ['4294967295', '4294967295'],
    ],
    refuses: ['', '0', '2', '4294967296', '-5', '0x10', '12345678901'],
  },
  'restore-target-name': {
    accepts: [
      ['before migration', 'before migration'],
      ['é'.repeat(31), 'é'.repeat(31)],
    ],
    refuses: ['', 'é'.repeat(32), 'a\nb'],
  },
  'restore-id': {
    accepts: [['2026-11-21.a_b', '2026-11-21.a_b']],
    refuses: ['', '.a', 'a/b', '..', 'a b', 'x'.repeat(64)],
  },
  role: { accepts: [['standby', 'standby']], refuses: ['', 'On', 'true', 'Primary', 'master', 'replica'] },
  primary: {
    accepts: [
      ['orders-0.orders', 'orders-0.orders'],
      ['orders-0.orders.shop.svc:5432', 'orders-0.orders.shop.svc:5432'],
      ['10.0.0.1:5433', '10.0.0.1:5433'],
      ['2001:db8::1', '2001:db8::1'],
      ['[2001:db8::1]:5432', '[2001:db8::1]:5432'],
      ['db.example.', 'db.example.'],
    ],
    refuses: [
      '',
      'a:',
      'a:0',
      'a:65536',
      'a:b',
      'a:1:2',
      '10.0.0.256',
      '[::1',
      '[nope]:1',
      'a b',
      'host user=postgres',
      '-a',
      'a..b',
      '2001:db8:::1',
    ],
  },
  synchronous: {
    accepts: [
      ['0', 0],
      ['1', 1],
      ['9', 9],
    ],
    refuses: ['', '-1', '10', '1.5', 'ANY 1 (*)', 'on', '01'],
  },
  'restore-passwords': {
    accepts: [
      ['set', 'set'],
      ['keep', 'keep'],
    ],
    refuses: ['', 'Keep', 'off', 'on', 'keep '],
  },
  'replication-network': {
    accepts: [
      ['samenet', 'samenet'],
      ['samehost', 'samehost'],
      ['all', 'all'],
      ['10.0.0.0/8', '10.0.0.0/8'],
      ['2001:db8::/32', '2001:db8::/32'],
      ['::/0', '::/0'],
      ['::ffff:10.0.0.0/104', '::ffff:10.0.0.0/104'],
      ['10.0.0.0/8, fd00::/8', '10.0.0.0/8, fd00::/8'],
      ['10.0.0.0/8,samenet', '10.0.0.0/8,samenet'],
    ],
    refuses: [
      '1.2.3.4::/64',
      '',
      '10.0.0.1',
      '10.0.0.0/33',
      '10.0.0/8',
      '2001:db8::/129',
      'SameNet',
      '10.0.0.0/8 trust',
      'all, samenet',
      '10.0.0.0/8,',
      '10.0.0.0/8 fd00::/8',
      'samenet, samenet',
      '1:2:3:4:5:6:7/8',
      '010.0.0.0/8',
    ],
  },
  'stop-grace': {
    accepts: [
      ['30', 30],
      ['86400', 86_400],
    ],
    refuses: ['', '29', '5m', '86401'],
  },
  parameters: {
    accepts: [
      ['max_connections=200', [['max_connections', '200']]],
      [
        'Max_Connections = 200 , work_mem=64MB,',
        [
          ['max_connections', '200'],
          ['work_mem', '64MB'],
        ],
      ],
      [
        "search_path='a, b', x.y=1",
        [
          ['search_path', 'a, b'],
          ['x.y', '1'],
        ],
      ],
      ["log_line_prefix='it''s %m '", [['log_line_prefix', "it's %m "]]],
      ["a=''", [['a', '']]],
    ],
    refuses: [
      '',
      ',',
      'a',
      '=1',
      'a=',
      'a=1,,b=2',
      'a=1, a=2',
      'a=1, A=2',
      "a='x",
      "a=x'y",
      'a b=1',
      '1a=2',
      'a-b=1',
      "a='x\ny'",
      'restore_command=x',
      'recovery_target_time=x',
      'RECOVERY_TARGET=immediate',
      'primary_conninfo=x',
      'archive_mode=off',
      'archive_command=x',
      'archive_library=x',
      'data_directory=/x',
      'hba_file=/x',
    ],
  },
  'agent-image': { accepts: [['localhost:5000/a:b', 'localhost:5000/a:b']], refuses: ['', 'A B', 'http://x/y'] },
  'agent-cpu': {
    accepts: [
      ['10m', '10m'],
      ['2', '2'],
    ],
    refuses: ['', '0', '9m', 'half'],
  },
  'agent-memory': {
    accepts: [
      ['64Mi', '64Mi'],
      ['1G', '1G'],
    ],
    refuses: ['', '63Mi', '256', '256m', 'lots'],
  },
  'agent-port': { accepts: [['1024', 1024]], refuses: ['', '80', '65536', '08432'] },
  'run-as': {
    accepts: [
      ['999:999', { uid: 999, gid: 999 }],
      ['70:0', { uid: 70, gid: 0 }],
    ],
    refuses: ['', '999', '0:0', 'postgres:postgres', '999:', '4294967295:1', '999:01'],
  },
  'injection-version': {
    accepts: [
      ['latest', 'latest'],
      ['0.1.0', '0.1.0'],
    ],
    refuses: [''],
  },
};

const accepted = Object.entries(cases).flatMap(([name, { accepts }]) =>
  accepts.map(([text, value]) => [name, text, value] as const),
);
const refused = Object.entries(cases).flatMap(([name, { refuses }]) => refuses.map((text) => [name, text] as const));

test.each(accepted)('%s takes %j', (name, text, value) => {
  expect(definitionOf(name).parse(text)).toEqual({ ok: true, value });
});

test.each(refused)('%s refuses %j', (name, text) => {
  expect(definitionOf(name).parse(text)).toMatchObject({ ok: false });
});

function definitionOf(name: string) {
  const found = Object.values(settingDefinitions).find((definition) => definition.name === name);
  if (found === undefined) throw new Error(`no setting ${name}`);
  return found;
}
