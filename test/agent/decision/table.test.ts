import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AgentContract, WhenBehind } from '../../../src/agent/contract.ts';
import type { DataDirectoryState } from '../../../src/agent/decision/data-directory-state.ts';
import type { Decision } from '../../../src/agent/decision/decide.ts';
import { decide } from '../../../src/agent/decision/decide.ts';
import type { Role } from '../../../src/agent/decision/pod-role.ts';
import type { StoreState } from '../../../src/agent/decision/store-state.ts';
import type { DataPosition } from '../../../src/agent/decision/went-back.ts';
import { judgeWentBack } from '../../../src/agent/decision/went-back.ts';
import type { BaseBackupRecord, StoreIdentity } from '../../../src/agent/store/layout.ts';

/** docs/boot-decision.md says what each cell does; here each of its rows is asked of the code. */
const identity: StoreIdentity = {
  format: 1,
  id: 'b7',
  namespace: 'shop',
  set: 'orders',
  claimedAt: '2026-11-21T06:00:00Z',
  systemId: '700',
  major: 17,
  segmentSize: 16_777_216,
};

const wal = { segments: new Map(), partial: new Map(), histories: new Set<number>() };

const backup: BaseBackupRecord = {
  format: 1,
  id: '20261121T060000Z_00000001_0000000002000028',
  systemId: '700',
  major: 17,
  segmentSize: 16_777_216,
  timeline: 1,
  startLsn: '0/2000028',
  endLsn: '0/2000100',
  startSegment: '000000010000000000000002',
  endSegment: '000000010000000000000002',
  startedAt: '2026-11-21T06:00:00Z',
  finishedAt: '2026-11-21T06:00:05Z',
  compression: 'zstd',
  archives: [],
  tablespaces: [],
  size: 1,
  storedSize: 1,
  settings: {},
  verified: null,
};

const stores: Readonly<Record<string, StoreState>> & { readonly none: StoreState } = {
  backups: { kind: 'BACKUPS', identity, systemId: '700', backups: [backup], wal, writeTrouble: null },
  claimed: { kind: 'CLAIMED', identity, systemId: '700', wal, found: 'system 700, 3 WAL segments' },
  empty: { kind: 'EMPTY', identity: null },
  'empty, neighbours': { kind: 'EMPTY', identity: null },
  other: { kind: 'OTHER', identity: { ...identity, set: 'invoices' } },
  unknown: { kind: 'UNKNOWN', reason: 'nothing is mounted at /pgusher-backup' },
  none: { kind: 'NONE' },
};

const ends = {
  data: { lsn: 0x3055298n, at: null },
  store: { lsn: 0x458fd80n, at: null },
  timelines: { data: 1, store: 1 },
};

const positions: Readonly<Record<string, DataPosition>> = {
  equal: { kind: 'equal' },
  ahead: { kind: 'ahead' },
  behind: { kind: 'behind', ...ends, obstacle: null, lastRecord: null },
  diverged: { kind: 'diverged', ...ends, since: 0x3000000n },
  'not comparable': { kind: 'unknown', reason: 'no record of its WAL could be read' },
};

const text = readFileSync(new URL('../../../docs/boot-decision.md', import.meta.url), 'utf8');

const rows = text
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter((cells) => cells.length === 7 && cells[1] !== 'data' && cells[1] !== '---')
  .map(([, data = '', store = '', annotation = '', primary = '', standby = '']) => ({
    data,
    store,
    annotation,
    primary,
    standby,
  }));

type Row = (typeof rows)[number];

/** Of the section on standbys that follow backups. */
const sourceRows = (text.split("## A standby that follows another set's backups")[1]?.split('\n## ')[0] ?? '')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter((cells) => cells.length === 5 && cells[1] !== 'own store' && cells[1] !== '---')
  .map(([, own = '', source = '', expected = '']) => [own, source, expected] as const);

const situation = {
  source: { kind: 'NONE' },
  followsSource: false,
  contract: {
    bootstrap: 'auto',
    namespace: 'shop',
    set: 'orders',
    restore: { backup: 'latest', target: null, id: null },
  },
  newerTimeline: null,
  neighbours: [],
  wentBack: null,
} as const;

function decision(row: Row, role: Role): string {
  const store = stores[row.store];
  if (store === undefined) {
    throw new Error(`the table names a store "${row.store}"`);
  }
  const [name = '', value = ''] = row.annotation.split(': ');
  const bootstrap = (name === 'bootstrap' ? value : 'auto') as AgentContract['bootstrap'];
  const whenBehind = (name === 'when-behind' ? value : 'stop') as WhenBehind;
  const position = positions[row.data];
  // As judge-data.ts asks: of a primary, and of a store that is its own.
  const asked = role === 'primary' && position !== undefined && ['backups', 'claimed'].includes(row.store);
  return summary(
    decide({
      role,
      data: dataOf(row.data),
      store,
      ...situation,
      contract: { ...situation.contract, bootstrap },
      neighbours:
        row.store === 'empty, neighbours'
          ? [{ prefix: 'old/orders', namespace: 'old', set: 'orders', systemId: '9', backups: 2, newest: '2026-11-21' }]
          : [],
      wentBack: asked ? judgeWentBack(position, whenBehind, null) : null,
    }),
  );
}

function dataOf(name: string): DataDirectoryState {
  if (name === 'empty') {
    return { kind: 'EMPTY' };
  }
  if (name === 'foreign') {
    return { kind: 'FOREIGN', found: '/data/pgdata holds no database (no PG_VERSION), but it holds a' };
  }
  if (name === 'incomplete') {
    return { kind: 'INCOMPLETE', found: '/data/pgdata holds a database, but its WAL directory is gone' };
  }
  if (name === 'newer') {
    return { kind: 'NEWER', found: 'pg_control is of version 2000' };
  }
  if (positions[name] === undefined && name !== 'other system' && name !== 'in recovery') {
    throw new Error(`the table names data "${name}"`);
  }
  return {
    kind: 'VALID',
    major: 17,
    signal: name === 'in recovery' ? 'recovery' : null,
    control: {
      systemId: name === 'other system' ? '701' : '700',
      timeline: 1,
      checkpoint: 0n,
      redo: 0n,
      writtenAt: 0,
      segmentSize: 16_777_216,
      shutDown: true,
      inRecovery: false,
      hintBitsLogged: false,
    },
  };
}

function summary(made: Decision): string {
  switch (made.action) {
    case 'stop':
      return 'stop';
    case 'recover':
      return made.how.kind;
    case 'start':
    case 'restore':
    case 'copy':
    case 'initialise':
      return made.archive ? made.action : `${made.action}, nothing archived`;
  }
}

describe('docs/boot-decision.md', () => {
  it.each(rows)('data $data, store $store, "$annotation": primary $primary, standby $standby', (row) => {
    expect([decision(row, 'primary'), decision(row, 'standby')]).toEqual([row.primary, row.standby]);
  });

  it('has a table of its own for standbys of backups', () => {
    expect(sourceRows.length).toBeGreaterThan(6);
  });

  it.each(sourceRows)('of a standby of backups, own store %s, the other %s: %s', (own, source, expected) => {
    const made = decide({
      ...situation,
      role: 'standby',
      data: { kind: 'EMPTY' },
      store: stores[own] ?? stores.none,
      source: stores[source] ?? stores.none,
      followsSource: true,
    });
    expect(summary(made).replace(/^restore/, 'restored')).toBe(expected);
    if (made.action === 'restore') {
      expect(made.from).toBe('source');
    }
  });

  it('has a row for each kind of data and of store', () => {
    expect(new Set(rows.map((row) => row.store))).toEqual(new Set(Object.keys(stores)));
    expect(new Set(rows.map((row) => row.data))).toEqual(
      new Set([...Object.keys(positions), 'other system', 'in recovery', 'newer', 'incomplete', 'foreign', 'empty']),
    );
  });
});

describe('a data volume that went back', () => {
  const behind = (changes: Partial<Extract<DataPosition, { kind: 'behind' }>> = {}): DataPosition => ({
    kind: 'behind',
    ...ends,
    obstacle: null,
    lastRecord: 0x458fd00n,
    ...changes,
  });

  it('is told with both positions and times, and what to write', () => {
    const judged = judgeWentBack(
      behind({
        data: { lsn: 0x3055298n, at: '2026-11-29T22:21:16Z' },
        store: { lsn: 0x458fd80n, at: '2026-11-29T22:21:25Z' },
      }),
      'stop',
      null,
    );
    expect(judged).toEqual({
      kind: 'stop',
      reason:
        'the data volume went back: PGDATA ends at 0/3055298 of timeline 1 (2026-11-29T22:21:16Z), the store at 0/458FD80 of timeline 1 (2026-11-29T22:21:25Z), and WAL gets there only after this database wrote it. ' +
        'Wanted: the volume as it was; or write postgres.io/when-behind: "catch-up" (the store\'s WAL is replayed, nothing is lost) or ' +
        'postgres.io/when-behind: "fork" (the older state goes on without those rows, on a timeline of its own; a second time with another postgres.io/restore-id), then delete this pod',
    });
  });

  it('does not catch up over a hole', () => {
    const judged = judgeWentBack(behind({ obstacle: 'WAL segment X is missing in the store' }), 'catch-up', null);
    expect(judged.kind).toBe('stop');
    expect(JSON.stringify(judged)).toContain(
      'catch-up cannot be had (WAL segment X is missing in the store): delete the data claim',
    );
  });

  it('forks once', () => {
    expect(judgeWentBack(behind(), 'fork', '2026-11-29T22:30:00Z')).toMatchObject({
      kind: 'stop',
      reason: expect.stringContaining('"fork" was carried out at 2026-11-29T22:30:00Z and counts once') as string,
    });
  });
});
