import { describe, expect, it } from 'vitest';
import { wantedSegments } from '../../../src/agent/rebuild/rewind.ts';

const segmentSize = 16 * 2 ** 20;
const at = (segment: number): bigint => BigInt(segment * segmentSize) + 500n;

describe('the WAL that a rewound database needs', () => {
  it('is each segment from the common checkpoint on, that with the fork from the newer timeline', () => {
    const lineage = [
      { timeline: 1, begin: 0n, end: at(4) },
      { timeline: 3, begin: at(4), end: null },
    ];
    const there = new Set(['000000010000000000000002', '000000010000000000000004', '000000030000000000000006']);
    expect(wantedSegments('000000010000000000000002', there, lineage, segmentSize)).toEqual([
      '000000010000000000000002',
      '000000010000000000000003',
      '000000030000000000000004',
      '000000030000000000000005',
      '000000030000000000000006',
    ]);
  });

  it('is that of the checkpoint alone where the new timeline has none', () => {
    expect(
      wantedSegments('0000000100000001000000FF', new Set(), [{ timeline: 1, begin: 0n, end: null }], segmentSize),
    ).toEqual(['0000000100000001000000FF']);
  });
});
