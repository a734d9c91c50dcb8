import { describe, expect, it } from 'vitest';
import type { WalPosition } from '../../../src/agent/decision/timeline-relation.ts';
import { lineageOf } from '../../../src/agent/restore/lineage.ts';
import { archiveTrouble } from '../../../src/agent/standby/archive-trouble.ts';
import type { ArchiveWal } from '../../../src/agent/standby/archive-trouble.ts';
import { segmentName } from '../../../src/agent/store/wal-name.ts';

const segmentSize = 0x1000000;
const history = '1\t0/5000000\tpromoted\n';

/** Finished segments by timeline, and the one that is being received. */
function archive(
  finished: Readonly<Record<number, readonly number[]>>,
  received: readonly [timeline: number, number: number] | null = null,
): ArchiveWal {
  const name = (timeline: number, number: number): string =>
    segmentName({ timeline, number: BigInt(number) }, segmentSize);
  const newest = Math.max(received?.[0] ?? 1, ...Object.keys(finished).map(Number));
  return {
    segmentSize,
    lineage: lineageOf(newest, newest === 1 ? null : history),
    wal: {
      segments: new Map(
        Object.entries(finished).map(([timeline, numbers]) => [
          Number(timeline),
          new Set(numbers.map((number) => name(Number(timeline), number))),
        ]),
      ),
      partial: new Map(received === null ? [] : [[received[0], new Set([name(...received)])]]),
      histories: new Set(newest === 1 ? [] : [newest]),
    },
  };
}

function own(timeline: number, end: bigint, text = history): WalPosition {
  return { lineage: lineageOf(timeline, timeline === 1 ? null : text), end };
}

describe('a standby of an archive gets on', () => {
  it.each<[string, WalPosition, ArchiveWal]>([
    ['while its next segment is being received', own(1, 0x4000100n), archive({ 1: [2, 3] }, [1, 4])],
    ['where its next segment is not begun yet', own(1, 0x4000000n), archive({ 1: [2, 3] })],
    ['where it is far behind and all is there', own(1, 0x2000100n), archive({ 1: [2, 3, 4] }, [1, 5])],
    ['to the timeline after its own', own(1, 0x4800000n), archive({ 1: [4], 2: [5] })],
    ['where it ends at the fork itself', own(1, 0x5000000n), archive({ 1: [4], 2: [5] })],
    ['where what it has long replayed was removed', own(1, 0x5000100n), archive({ 1: [5] }, [1, 6])],
    ['where nothing at all is there', own(1, 0x5000100n), archive({})],
  ])('%s', (_, position, wal) => {
    expect(archiveTrouble('reports-0', position, wal)).toBeNull();
  });
});

describe('a standby of an archive never gets on', () => {
  it.each<[string, WalPosition, ArchiveWal, string]>([
    [
      'where its next segment was removed',
      own(1, 0x2000100n),
      archive({ 1: [4, 5] }),
      'WAL segment 000000010000000000000002, which this server needs next, is not in the backups that are followed, and 000000010000000000000004 is: it was removed there, or was never received; wanted a new restore from there: delete the data claim of reports-0, and the pod',
    ],
    [
      'where the other set went on without what it has',
      own(1, 0x5800000n),
      archive({ 1: [4, 5], 2: [5] }),
      "the set whose backups are followed left this server's timeline 1 at 0/5000000, and this server has WAL behind that; wanted a new restore from there: delete the data claim of reports-0, and the pod",
    ],
    [
      'where it is of another promotion',
      own(2, 0x6000000n, '1\t0/4000000\tpromoted\n'),
      archive({ 1: [4], 2: [5] }),
      "this server's timeline 2 is not one of the backups that are followed; wanted a new restore from there: delete the data claim of reports-0, and the pod",
    ],
  ])('%s', (_, position, wal, sentence) => {
    expect(archiveTrouble('reports-0', position, wal)).toBe(sentence);
  });
});
