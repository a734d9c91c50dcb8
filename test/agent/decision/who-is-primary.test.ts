import { describe, expect, it } from 'vitest';
import type { RecordReading } from '../../../src/agent/decision/primary-record.ts';
import { parsePrimaryRecord } from '../../../src/agent/decision/primary-record.ts';
import type { WalPosition } from '../../../src/agent/decision/timeline-relation.ts';
import { relationTo } from '../../../src/agent/decision/timeline-relation.ts';
import type { OwnData, Peer, PrimaryQuestion } from '../../../src/agent/decision/who-is-primary.ts';
import { whoIsPrimary } from '../../../src/agent/decision/who-is-primary.ts';
import { lineageOf } from '../../../src/agent/restore/lineage.ts';

/** Where timeline 2 left timeline 1, and 3 left 2. */
const fork = '0/5000000';
const end = { beforeFork: 0x4000000n, behindFork: 0x6000000n, late: 0x9000000n };

function position(
  timeline: number,
  end: bigint | null,
  history = `1\t${fork}\tpromoted\n2\t0/7000000\tpromoted\n`,
): WalPosition {
  const lines = history
    .split('\n')
    .slice(0, timeline - 1)
    .join('\n');
  return { lineage: lineageOf(timeline, timeline === 1 ? null : `${lines}\n`), end };
}

function valid(timeline: number, end: bigint | null, signal: 'standby' | null = null, history?: string): OwnData {
  return { kind: 'VALID', systemId: '700', signal, ...position(timeline, end, history) };
}

function peer(pod: string, timeline: number, end: bigint, takesWrites: boolean, changes: Partial<Peer> = {}): Peer {
  return {
    pod,
    address: `${pod}.db.shop.svc:5432`,
    systemId: '700',
    takesWrites,
    ...position(timeline, end),
    ...changes,
  };
}

function record(primary: string, timeline: number): RecordReading {
  return { kind: 'record', record: { primary, timeline, since: '2026-11-21T06:00:00Z' } };
}

function archive(
  timeline: number,
  history?: string,
): { kind: 'read'; systemId: string; lineage: WalPosition['lineage'] } {
  return { kind: 'read', systemId: '700', lineage: position(timeline, null, history).lineage };
}

const empty: OwnData = { kind: 'EMPTY' };
/** A fork at the same number by somebody else. */
const other = '1\t0/4800000\tpromoted\n';
const none: RecordReading = { kind: 'none' };

interface Cell {
  readonly pod: 'db-0' | 'db-1';
  readonly record?: RecordReading;
  readonly role?: 'auto' | 'standby';
  readonly data: OwnData;
  readonly peers?: readonly Peer[];
  readonly store?: PrimaryQuestion['store'];
  /** What it follows in the place of a server. */
  readonly archive?: PrimaryQuestion['archive'];
  /** `primary`, `standby of X`, or words of the reason to stop. */
  readonly is: string | RegExp;
  /** An off-site copy is asked before it stops. */
  readonly wantsMore?: true;
}

const one = (timeline: number, takesWrites = true, changes: Partial<Peer> = {}): Peer =>
  peer('db-1', timeline, end.late, takesWrites, changes);
const zero = (timeline: number, takesWrites = true): Peer => peer('db-0', timeline, end.late, takesWrites);
const upstream = 'other-0.other.shop.svc:5432';

/** The rows of docs/standbys.md, in its order. */
const cells: Readonly<Record<string, Cell>> = {
  'the record names it; its data is of the timeline': {
    pod: 'db-1',
    record: record('db-1', 2),
    data: valid(2, end.behindFork),
    peers: [zero(1, false)],
    is: 'primary',
  },
  'the record names it; its data is of a newer timeline, as after a restore': {
    pod: 'db-1',
    record: record('db-1', 2),
    data: valid(3, end.late),
    is: 'primary',
  },
  'the record names it; its data is older than the promotion': {
    pod: 'db-1',
    record: record('db-1', 2),
    data: valid(1, end.beforeFork),
    is: /record says that db-1 is primary on timeline 2 .*, but PGDATA is on timeline 1/,
  },
  "the record names it; its data is a standby's": {
    pod: 'db-1',
    record: record('db-1', 2),
    data: valid(2, end.behindFork, 'standby'),
    is: /its data is a standby's \(standby\.signal, timeline 2\)/,
  },
  'the record names it; another takes writes': {
    pod: 'db-1',
    record: record('db-1', 2),
    data: valid(2, end.behindFork),
    peers: [zero(3)],
    is: /but db-0 takes writes on timeline 3.*--record db-0/,
  },
  'the record names it; EMPTY; the store has its timeline': {
    pod: 'db-1',
    record: record('db-1', 2),
    data: empty,
    store: { timeline: 2, end: end.late },
    is: 'primary',
  },
  'the record names it; EMPTY; the store ends on an older timeline': {
    pod: 'db-1',
    record: record('db-1', 2),
    data: empty,
    store: { timeline: 1, end: end.late },
    is: /PGDATA is empty and the store ends on timeline 1\. Nothing older is restored and nothing initialised/,
    wantsMore: true,
  },
  'the record names it; EMPTY; nothing in the store; a standby answers': {
    pod: 'db-1',
    record: record('db-1', 2),
    data: empty,
    peers: [zero(2, false)],
    is: /holds nothing to restore.* Data may be newer on db-0\./,
  },
  'the record names it; EMPTY; a standby has more than the store': {
    pod: 'db-0',
    record: record('db-0', 1),
    data: empty,
    store: { timeline: 1, end: end.behindFork },
    peers: [one(1, false)],
    is: /has less than db-1 \(timeline 1, up to 0\/9000000\).*pgusher promote db db-1/,
  },
  'the record names another; its data ends before the fork': {
    pod: 'db-0',
    record: record('db-1', 2),
    data: valid(1, end.beforeFork),
    peers: [one(2)],
    is: 'standby of db-1.db.shop.svc:5432',
  },
  'the record names another; its data goes on behind the fork': {
    pod: 'db-0',
    record: record('db-1', 2),
    data: valid(1, end.behindFork),
    peers: [one(2)],
    is: /cannot follow it: it holds WAL behind 0\/5000000, where the primary's timeline left this one.*: `pgusher rebuild db-0`$/,
  },
  'the record names another; its timeline has the number of the other one and is not the same': {
    pod: 'db-0',
    record: record('db-1', 2),
    data: valid(2, end.behindFork, null, other),
    peers: [one(2)],
    is: /cannot follow it: it comes from another promotion/,
  },
  'the record names another; which has lost what it had flushed': {
    pod: 'db-0',
    record: record('db-1', 2),
    data: valid(2, 0xa000000n, 'standby'),
    peers: [one(2)],
    is: /it ends at 0\/A000000, the server at 0\/9000000/,
  },
  'the record names another; its data was promoted later': {
    pod: 'db-0',
    record: record('db-1', 2),
    data: valid(3, end.late),
    peers: [one(2)],
    is: /PGDATA is on timeline 3, which came after what db-1 has \(timeline 2\).*--record db-0/,
  },
  'the record names another, which cannot be asked; its data was promoted later': {
    pod: 'db-0',
    record: record('db-1', 2),
    data: valid(3, end.late),
    is: /PGDATA here was promoted to timeline 3, and db-1 cannot be asked/,
  },
  'the record names another, which cannot be asked; its data is of the timeline or older': {
    pod: 'db-0',
    record: record('db-1', 2),
    data: valid(1, end.behindFork),
    is: 'standby of db-1.db.shop.svc:5432',
  },
  'the record names another; which is of another system': {
    pod: 'db-0',
    record: record('db-1', 2),
    data: valid(1, end.beforeFork),
    peers: [one(2, true, { systemId: '701' })],
    is: /db-1 is system 701 and PGDATA is system 700: another database/,
  },
  'the record names another; EMPTY, whatever the store has': {
    pod: 'db-0',
    record: record('db-1', 2),
    data: empty,
    store: { timeline: 1, end: end.late },
    is: 'standby of db-1.db.shop.svc:5432',
  },
  'the record cannot be read': {
    pod: 'db-0',
    record: { kind: 'unreadable', reason: 'key timeline of ConfigMap db-pgusher is missing; wanted a number' },
    data: valid(1, end.late),
    is: /^key timeline of ConfigMap db-pgusher is missing.*Nobody's role is guessed/,
  },
  'no record; ordinal 0 with data, nobody else takes writes': {
    pod: 'db-0',
    data: valid(1, end.late),
    peers: [one(1, false)],
    is: 'primary',
  },
  'no record; ordinal 0 with data; another was promoted': {
    pod: 'db-0',
    data: valid(1, end.beforeFork),
    peers: [one(2)],
    is: /PGDATA is on timeline 1, but db-1 runs timeline 2 of the same database: it was promoted.*--record db-1`\. This pod is its standby then$/,
  },
  'no record; ordinal 0 with rows of its own; another was promoted': {
    pod: 'db-0',
    data: valid(1, end.behindFork),
    peers: [one(2)],
    is: /Then, since it holds WAL behind 0\/5000000.*: `pgusher rebuild db-0`$/,
  },
  "no record; ordinal 0 with a standby's data": {
    pod: 'db-0',
    data: valid(1, end.late, 'standby'),
    is: 'standby of nobody',
  },
  "no record; ordinal 0 with a standby's data; another takes writes": {
    pod: 'db-0',
    data: valid(1, end.beforeFork, 'standby'),
    peers: [one(2)],
    is: 'standby of db-1.db.shop.svc:5432',
  },
  'no record; ordinal 0, EMPTY; another takes writes': {
    pod: 'db-0',
    data: empty,
    store: { timeline: 1, end: end.late },
    peers: [one(2)],
    is: 'standby of db-1.db.shop.svc:5432',
  },
  'no record; ordinal 0, EMPTY; standbys answer, the store has all that they have': {
    pod: 'db-0',
    data: empty,
    store: { timeline: 1, end: end.late },
    peers: [one(1, false)],
    is: 'primary',
  },
  'no record; ordinal 0, EMPTY; a standby has more than the store': {
    pod: 'db-0',
    data: empty,
    store: { timeline: 1, end: end.beforeFork },
    peers: [one(1, false)],
    is: /has less than db-1 .* A restore would lose those rows\. Wanted: `pgusher promote db db-1`/,
  },
  'no record; ordinal 0, EMPTY; standbys answer, nothing to restore': {
    pod: 'db-0',
    data: empty,
    peers: [one(1, false)],
    is: /Nothing is initialised beside data\. Data may be newer on db-1\./,
  },
  'no record; ordinal 0, EMPTY; nobody answers': { pod: 'db-0', data: empty, is: 'primary' },
  'no record; another ordinal, EMPTY': { pod: 'db-1', data: empty, is: 'standby of db-0.db.shop.svc:5432' },
  'no record; another ordinal, whose data was promoted; nobody else takes writes': {
    pod: 'db-1',
    data: valid(2, end.behindFork),
    is: 'primary',
  },
  'no record; another ordinal, whose data was promoted; ordinal 0 takes writes on the older timeline': {
    pod: 'db-1',
    data: valid(2, end.behindFork),
    peers: [zero(1)],
    is: /came after what db-0 has, but that one takes writes \(timeline 1\)/,
  },
  'no record; another ordinal, whose data was promoted; ordinal 0 was promoted after it': {
    pod: 'db-1',
    data: valid(2, end.behindFork),
    peers: [zero(3)],
    is: /but db-0 runs timeline 3 of the same database: it was promoted/,
  },
  'no record; another ordinal, a standby as it was': {
    pod: 'db-1',
    data: valid(1, end.beforeFork, 'standby'),
    peers: [zero(1)],
    is: 'standby of db-0.db.shop.svc:5432',
  },
  'no record; another ordinal, a standby with more than its primary': {
    pod: 'db-1',
    data: valid(1, 0xa000000n, 'standby'),
    peers: [zero(1)],
    is: /what is between was flushed and lost there/,
  },
  'role standby; a copy of the other set': {
    pod: 'db-0',
    role: 'standby',
    data: valid(1, end.beforeFork, 'standby'),
    peers: [one(1, true, { pod: null, address: upstream })],
    is: `standby of ${upstream}`,
  },
  'role standby; data that the other set never had': {
    pod: 'db-0',
    role: 'standby',
    data: valid(1, end.behindFork),
    peers: [one(2, true, { pod: null, address: upstream })],
    is: /^postgres\.io\/role is "standby" and postgres\.io\/primary other-0\S+, and PGDATA here cannot follow it/,
  },
  'role standby; promoted data, and nobody to ask': {
    pod: 'db-0',
    role: 'standby',
    data: valid(2, end.behindFork),
    is: /postgres\.io\/role is "standby", but PGDATA is a primary's on timeline 2/,
  },
  'role standby of an archive; EMPTY': {
    pod: 'db-0',
    role: 'standby',
    archive: archive(1),
    data: empty,
    is: 'standby of the archive',
  },
  'role standby of an archive; EMPTY, and it cannot be read': {
    pod: 'db-0',
    role: 'standby',
    archive: { kind: 'unread' },
    data: empty,
    is: 'standby of the archive',
  },
  'role standby of an archive; its data': {
    pod: 'db-0',
    role: 'standby',
    archive: { kind: 'unread' },
    data: valid(2, end.behindFork, 'standby'),
    is: 'standby of the archive',
  },
  'role standby of an archive; promoted, and no record': {
    pod: 'db-0',
    role: 'standby',
    archive: archive(1),
    data: valid(2, end.behindFork),
    is: 'primary',
  },
  'role standby of an archive; promoted, no record, and the archive is gone': {
    pod: 'db-0',
    role: 'standby',
    archive: { kind: 'unread' },
    data: valid(2, end.behindFork),
    is: 'primary',
  },
  'role standby of an archive; promoted to the number that it has from elsewhere': {
    pod: 'db-0',
    role: 'standby',
    archive: archive(2, other),
    data: valid(2, end.behindFork),
    is: 'primary',
  },
  'role standby of an archive; data of a primary that ended before it went on': {
    pod: 'db-0',
    role: 'standby',
    archive: archive(2),
    data: valid(1, end.beforeFork),
    is: 'standby of the archive',
  },
  'role standby of an archive; data of a primary that it left': {
    pod: 'db-0',
    role: 'standby',
    archive: archive(2),
    data: valid(1, end.behindFork),
    is: /^postgres\.io\/role is "standby", and PGDATA here cannot follow postgres\.io\/restore-from: it holds WAL behind 0\/5000000, .+ or postgres\.io\/role: primary/,
  },
  'role standby of an archive; its data, which that left': {
    pod: 'db-0',
    role: 'standby',
    archive: archive(2),
    data: valid(1, end.behindFork, 'standby'),
    is: /^postgres\.io\/role is "standby", and PGDATA here cannot follow postgres\.io\/restore-from: it holds WAL behind 0\/5000000, where the other set left timeline 1\. Wanted: an empty volume, which is restored from there \(delete the data claim of db-0, and the pod\); nothing/,
  },
  'role standby of an archive; its data, which is on the way': {
    pod: 'db-0',
    role: 'standby',
    archive: archive(2),
    data: valid(1, end.beforeFork, 'standby'),
    is: 'standby of the archive',
  },
  'role standby of an archive; data of another database': {
    pod: 'db-0',
    role: 'standby',
    archive: { ...archive(2), systemId: '701' },
    data: valid(2, end.behindFork),
    is: /these are of system 701 and PGDATA of system 700/,
  },
  'role standby of an archive; another pod of the set was promoted, and no record': {
    pod: 'db-1',
    role: 'standby',
    archive: archive(1),
    data: valid(1, end.beforeFork, 'standby'),
    peers: [one(2, true, { pod: 'db-0', address: 'db-0.db.shop.svc:5432' })],
    is: 'standby of db-0.db.shop.svc:5432',
  },
  'role standby of an archive; the record names another pod': {
    pod: 'db-1',
    role: 'standby',
    archive: archive(1),
    record: record('db-0', 2),
    data: empty,
    is: 'standby of db-0.db.shop.svc:5432',
  },
  'role standby of an archive; the record names it, and its volume is lost': {
    pod: 'db-0',
    role: 'standby',
    archive: archive(1),
    record: record('db-0', 2),
    data: empty,
    store: { timeline: 2, end: end.late },
    is: 'primary',
  },
  'role standby; EMPTY': { pod: 'db-0', role: 'standby', data: empty, is: `standby of ${upstream}` },
  'role standby; the record names it: it was promoted': {
    pod: 'db-0',
    role: 'standby',
    record: record('db-0', 2),
    data: valid(2, end.behindFork),
    is: 'primary',
  },
};

describe('who is primary', () => {
  it.each(Object.entries(cells))('%s', (_, cell) => {
    const verdict = whoIsPrimary({
      pod: cell.pod,
      contract: {
        set: 'db',
        role: cell.role ?? 'auto',
        primary: cell.archive !== undefined ? null : cell.role === 'standby' ? upstream : 'db-0.db.shop.svc:5432',
      },
      record: cell.record ?? none,
      data: cell.data,
      peers: cell.peers ?? [],
      store: cell.store ?? null,
      archive: cell.archive ?? null,
      addressOf: (pod) => `${pod}.db.shop.svc:5432`,
    });
    const said =
      verdict.kind === 'stop'
        ? verdict.reason
        : verdict.kind === 'standby'
          ? `standby of ${verdict.of ?? (verdict.archive === 'source' ? 'the archive' : 'nobody')}`
          : 'primary';
    if (typeof cell.is === 'string') {
      expect(said).toBe(cell.is);
    } else {
      expect(verdict.kind).toBe('stop');
      expect(said).toMatch(cell.is);
      expect(verdict).toEqual({ kind: 'stop', reason: said, ...(cell.wantsMore === true ? { wantsMore: true } : {}) });
    }
  });
});

describe('one lineage and another', () => {
  it('meet at the fork itself: what ends there has nothing of its own', () => {
    const at = 0x5000000n;
    expect(relationTo(position(2, end.late), position(1, at))).toEqual({ kind: 'follows' });
    expect(relationTo(position(2, end.late), position(1, at + 1n))).toEqual({ kind: 'diverged', at });
  });
});

describe('the record', () => {
  it.each([
    [{}, 'none'],
    [{ 'backup-keep': '3' }, 'none'],
    [{ primary: 'db-1', timeline: '2', since: 'now' }, 'record'],
    [{ primary: 'db-1', timeline: '2' }, 'record'],
    [{ primary: 'db-1' }, 'unreadable'],
    [{ timeline: '2' }, 'unreadable'],
    [{ primary: '', timeline: '2' }, 'unreadable'],
    [{ primary: 'other-1', timeline: '2' }, 'unreadable'],
    [{ primary: 'db-1x', timeline: '2' }, 'unreadable'],
    [{ primary: 'db-1', timeline: '0' }, 'unreadable'],
    [{ primary: 'db-1', timeline: 'two' }, 'unreadable'],
  ])('%j is %s', (values, kind) => {
    expect(parsePrimaryRecord(values, 'db').kind).toBe(kind);
  });
});
