import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  backupId,
  formatLsn,
  lastSegmentBefore,
  parseHistory,
  parseLsn,
  parseSegment,
  segmentAt,
  segmentName,
} from '../../../src/agent/store/wal-name.ts';

const size = 16 * 2 ** 20;

describe('names of WAL', () => {
  it('are what pg_walfile_name makes of a position', () => {
    expect(segmentAt(1, parseLsn('0/2000028'), size)).toBe('000000010000000000000002');
    expect(segmentAt(3, parseLsn('1A/FF000000'), size)).toBe('000000030000001A000000FF');
    expect(segmentAt(1, parseLsn('1/0'), size)).toBe('000000010000000100000000');
  });

  it('at a boundary name the segment that ends there as the last one needed', () => {
    expect(segmentAt(1, parseLsn('0/3000000'), size)).toBe('000000010000000000000003');
    expect(lastSegmentBefore(1, parseLsn('0/3000000'), size)).toBe('000000010000000000000002');
  });

  it('go there and back for every segment size that initdb takes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 0xffffffff }),
        fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
        fc.integer({ min: 20, max: 30 }),
        (timeline, position, power) => {
          const segmentSize = 2 ** power;
          const name = segmentAt(timeline, position, segmentSize);
          const segment = parseSegment(name, segmentSize);
          expect(segment).toEqual({ timeline, number: position / BigInt(segmentSize) });
          expect(segmentName(segment, segmentSize)).toBe(name);
          expect(parseLsn(formatLsn(position))).toBe(position);
        },
      ),
    );
  });

  it('sort as their positions do', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1n << 50n }), fc.bigInt({ min: 0n, max: 1n << 50n }), (left, right) => {
        fc.pre(left / BigInt(size) < right / BigInt(size));
        expect(segmentAt(1, left, size) < segmentAt(1, right, size)).toBe(true);
      }),
    );
  });

  it('refuse what is no LSN', () => {
    expect(() => parseLsn('0-2000028')).toThrow('not an LSN: 0-2000028');
    expect(() => parseLsn('0/123456789')).toThrow('not an LSN: 0/123456789');
  });

  it('of a backup carry the time, the timeline and the start', () => {
    expect(backupId(new Date('2026-11-21T07:16:44.361Z'), 2, parseLsn('0/2000028'))).toBe(
      '20261121T071644Z_00000002_0000000002000028',
    );
  });
});

describe('a timeline history', () => {
  it('names each parent and where it was left', () => {
    expect(
      parseHistory('1\t0/5000148\tno recovery target specified\n\n2\t1/A0\tbefore 2026-11-21 07:00:00+00\n'),
    ).toEqual([
      { parent: 1, at: 0x5000148n },
      { parent: 2, at: 0x1000000a0n },
    ]);
  });

  it('that cannot be read is an error, never a shorter one', () => {
    expect(() => parseHistory('1\n')).toThrow('not a line of a timeline history: 1');
  });
});
