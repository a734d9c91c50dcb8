import { describe, expect, it } from 'vitest';
import type { DataDirectoryState } from '../../../src/agent/decision/data-directory-state.ts';
import type { Decision, Situation } from '../../../src/agent/decision/decide.ts';
import { decide } from '../../../src/agent/decision/decide.ts';
import type { StoreState } from '../../../src/agent/decision/store-state.ts';
import type { BaseBackupRecord, StoreIdentity } from '../../../src/agent/store/layout.ts';

const identity: StoreIdentity = {
  format: 1,
  id: 'b7',
  namespace: 'shop',
  set: 'db',
  claimedAt: '2026-11-21T06:00:00Z',
  systemId: '700',
  major: 15,
  segmentSize: 16_777_216,
};

const wal = { segments: new Map(), partial: new Map(), histories: new Set<number>() };

const backup: BaseBackupRecord = {
  format: 1,
  id: '20261121T060000Z_00000001_0000000002000028',
  systemId: '700',
  major: 15,
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

const stores = {
  NONE: { kind: 'NONE' },
  BACKUPS: { kind: 'BACKUPS', identity, systemId: '700', backups: [backup], wal, writeTrouble: null },
  EMPTY: { kind: 'EMPTY', identity: null },
  CLAIMED: { kind: 'CLAIMED', identity, systemId: '700', wal, found: 'system 700, 3 WAL segments' },
  OTHER: { kind: 'OTHER', identity: { ...identity, set: 'other' } },
  UNKNOWN: { kind: 'UNKNOWN', reason: 'nothing is mounted at /pgusher-backup' },
} as const satisfies Record<string, StoreState>;

const control = {
  systemId: '700',
  timeline: 1,
  checkpoint: 0n,
  redo: 0n,
  writtenAt: 0,
  segmentSize: 16_777_216,
  shutDown: true,
  inRecovery: false,
  hintBitsLogged: false,
};

const data = {
  VALID: { kind: 'VALID', major: 15, control, signal: null },
  EMPTY: { kind: 'EMPTY' },
  FOREIGN: { kind: 'FOREIGN', found: '/data/pgdata holds no database (no PG_VERSION), but it holds a' },
  INCOMPLETE: {
    kind: 'INCOMPLETE',
    found: '/data/pgdata holds a database, but its WAL should be in /pgwal/wal, which is not there',
  },
  NEWER: {
    kind: 'NEWER',
    found: '/data/pgdata holds a database of PostgreSQL 20: pg_control is of version 2003; wanted: an agent image',
  },
} as const satisfies Record<string, DataDirectoryState>;

function situation(changes: Partial<Situation> = {}): Situation {
  return {
    role: 'primary',
    data: data.EMPTY,
    store: stores.EMPTY,
    source: stores.NONE,
    followsSource: false,
    contract: {
      bootstrap: 'auto',
      namespace: 'shop',
      set: 'db',
      restore: { backup: 'latest', target: null, id: null },
    },
    newerTimeline: null,
    neighbours: [],
    wentBack: null,
    ...changes,
  };
}

function withContract(changes: Partial<Situation['contract']>): Situation['contract'] {
  return { ...situation().contract, ...changes };
}

/** `action`, with `!` where WAL must not be archived, and the source of a restore. */
function summary(decision: Decision): string {
  if (decision.action === 'stop') {
    return 'stop';
  }
  const from = decision.action === 'restore' ? ` ${decision.from}` : '';
  return `${decision.action}${from}${decision.archive ? '' : '!'}`;
}

describe('the boot decision, cell by cell', () => {
  it.each([
    // PGDATA, store, primary, standby
    ['VALID', 'NONE', 'start!', 'start!'],
    ['VALID', 'BACKUPS', 'start', 'start'],
    ['VALID', 'EMPTY', 'start', 'start'],
    ['VALID', 'CLAIMED', 'start', 'start'],
    ['VALID', 'OTHER', 'start!', 'start!'],
    ['VALID', 'UNKNOWN', 'start', 'start'],
    ['INCOMPLETE', 'NONE', 'stop', 'stop'],
    ['INCOMPLETE', 'BACKUPS', 'stop', 'stop'],
    ['INCOMPLETE', 'EMPTY', 'stop', 'stop'],
    ['INCOMPLETE', 'CLAIMED', 'stop', 'stop'],
    ['INCOMPLETE', 'OTHER', 'stop', 'stop'],
    ['INCOMPLETE', 'UNKNOWN', 'stop', 'stop'],
    ['NEWER', 'NONE', 'stop', 'stop'],
    ['NEWER', 'BACKUPS', 'stop', 'stop'],
    ['NEWER', 'EMPTY', 'stop', 'stop'],
    ['NEWER', 'CLAIMED', 'stop', 'stop'],
    ['NEWER', 'OTHER', 'stop', 'stop'],
    ['NEWER', 'UNKNOWN', 'stop', 'stop'],
    ['FOREIGN', 'NONE', 'stop', 'stop'],
    ['FOREIGN', 'BACKUPS', 'stop', 'stop'],
    ['FOREIGN', 'EMPTY', 'stop', 'stop'],
    ['FOREIGN', 'CLAIMED', 'stop', 'stop'],
    ['FOREIGN', 'OTHER', 'stop', 'stop'],
    ['FOREIGN', 'UNKNOWN', 'stop', 'stop'],
    ['EMPTY', 'NONE', 'initialise!', 'copy!'],
    ['EMPTY', 'BACKUPS', 'restore own', 'copy'],
    ['EMPTY', 'EMPTY', 'initialise', 'copy'],
    ['EMPTY', 'CLAIMED', 'stop', 'copy'],
    ['EMPTY', 'OTHER', 'stop', 'copy!'],
    ['EMPTY', 'UNKNOWN', 'stop', 'copy!'],
  ] as const)('PGDATA %s, store %s: primary %s, standby %s', (pgdata, store, primary, standby) => {
    const at = (role: 'primary' | 'standby'): string =>
      summary(decide(situation({ role, data: data[pgdata], store: stores[store] })));
    expect([at('primary'), at('standby')]).toEqual([primary, standby]);
  });

  it.each([
    ['restore', 'NONE', 'stop'],
    ['restore', 'EMPTY', 'stop'],
    ['restore', 'BACKUPS', 'restore own'],
    ['initialize', 'NONE', 'initialise!'],
    ['initialize', 'EMPTY', 'initialise'],
    ['initialize', 'BACKUPS', 'stop'],
    ['initialize', 'CLAIMED', 'stop'],
    ['initialize', 'UNKNOWN', 'stop'],
  ] as const)('bootstrap %s on an empty volume, store %s: %s', (bootstrap, store, expected) => {
    const contract = withContract({ bootstrap });
    expect(summary(decide(situation({ store: stores[store], contract })))).toBe(expected);
  });

  it.each([
    ['EMPTY', 'BACKUPS', 'restore source'],
    ['NONE', 'BACKUPS', 'restore source!'],
    // Its own backups are newer than what it was cloned from.
    ['BACKUPS', 'BACKUPS', 'restore own'],
    ['EMPTY', 'EMPTY', 'stop'],
    ['EMPTY', 'CLAIMED', 'stop'],
    ['EMPTY', 'UNKNOWN', 'stop'],
    ['CLAIMED', 'BACKUPS', 'stop'],
    ['UNKNOWN', 'BACKUPS', 'stop'],
  ] as const)('a clone with own store %s and source %s: %s', (store, source, expected) => {
    expect(summary(decide(situation({ store: stores[store], source: stores[source] })))).toBe(expected);
  });

  it('never initialises where a point in time is asked for and there is nothing to restore', () => {
    const target = { kind: 'time', value: '2026-11-21 06:00:00+00', inclusive: true } as const;
    const contract = withContract({ restore: { backup: 'latest', target, id: 'one' } });
    expect(decide(situation({ contract }))).toEqual({
      action: 'stop',
      reason:
        'PGDATA is empty and there is no backup to restore, but postgres.io/restore-target-time asks for a point in time. ' +
        'Wanted: a store with a base backup (postgres.io/backup-claim, postgres.io/restore-from); to begin with an empty database set postgres.io/bootstrap: auto and take the restore-* annotations away',
    });
  });

  it('says how a database comes back whose WAL volume is lost', () => {
    const reason = (changes: Partial<Situation>): string => {
      const decision = decide(situation({ data: data.INCOMPLETE, ...changes }));
      return decision.action === 'stop' ? decision.reason : decision.action;
    };
    expect(reason({ store: stores.BACKUPS })).toBe(
      '/data/pgdata holds a database, but its WAL should be in /pgwal/wal, which is not there. Nothing was changed; ' +
        'pg_resetwal would make a database of it that has lost what was committed. Wanted: that volume back, mounted where it was. ' +
        'Where it is gone for good, delete the data claim too: everything is restored from the store, which holds 1 base backups and the WAL behind them',
    );
    expect(reason({ store: stores.NONE })).toContain('There is no base backup that could be restored instead');
    expect(reason({ role: 'standby' })).toContain('copied anew from its primary');
  });

  it('stops an old primary whose successor is in the store', () => {
    expect(
      decide(situation({ data: data.VALID, store: stores.BACKUPS, newerTimeline: { timeline: 2, at: 'store' } })),
    ).toEqual({
      action: 'stop',
      reason:
        'PGDATA is on timeline 1, but the store holds timeline 2 of the same database: another server was promoted. Wanted: one primary. ' +
        'Write down which pod it is (`pgusher promote db --record POD`) and this one follows it; where no other server is left, delete the data claim to restore timeline 2 from the store, ' +
        'or keep this copy with a new postgres.io/backup-prefix',
    });
  });

  it('lets a restore that is still recovering go on, whatever timelines there are', () => {
    const recovering = { ...data.VALID, signal: 'recovery' } as const;
    expect(
      summary(
        decide(situation({ data: recovering, store: stores.BACKUPS, newerTimeline: { timeline: 2, at: 'store' } })),
      ),
    ).toBe('start');
  });

  it('keeps good data up on a store of another system, and says that it is not protected', () => {
    const other = { ...data.VALID, control: { ...control, systemId: '900' } };
    expect(decide(situation({ data: other, store: stores.BACKUPS }))).toEqual({
      action: 'start',
      archive: false,
      notes: [
        'the store belongs to system 700, PGDATA is system 900: nothing is archived and this database is NOT protected; set postgres.io/backup-prefix or postgres.io/backup-claim',
      ],
    });
  });

  it('restores from a store that can only be read, and says that nothing is archived', () => {
    const writeTrouble = '/pgusher-backup cannot be written: EROFS: read-only file system, open';
    for (const pgdata of ['EMPTY', 'VALID'] as const) {
      const decision = decide(situation({ data: data[pgdata], store: { ...stores.BACKUPS, writeTrouble } }));
      expect(summary(decision)).toBe(pgdata === 'EMPTY' ? 'restore own' : 'start');
      expect(decision).toMatchObject({
        notes: [`${writeTrouble}; until it can be, nothing is archived and this database is NOT protected`],
      });
    }
  });

  it('says what an unreadable store was, and that nothing is initialised on a guess', () => {
    expect(decide(situation({ store: stores.UNKNOWN }))).toEqual({
      action: 'stop',
      reason:
        'PGDATA is empty and the store cannot be read: nothing is mounted at /pgusher-backup. Wanted: a store that answers; nothing is ever initialised on a guess. ' +
        'Repair it or its mount (postgres.io/backup-claim)',
    });
  });
});
