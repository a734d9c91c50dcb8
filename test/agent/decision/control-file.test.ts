import { describe, expect, it } from 'vitest';
import { parseControlFile, UnknownControlFile } from '../../../src/agent/decision/control-file.ts';

/** The beginning of pg_control after `initdb --wal-segsize=32` of 15.18; without checksums. */
const of15 = Buffer.from(
  [
    '5393885228a60c6b1405000025770d0c01000000000000002ba60c6b00000000180750020000000018075002000000000100',
    '0000010000000100000000000000d402000000000000043500000100000000000000cc020000010000000100000001000000',
    '000000002ba60c6b0000000000000000000000000000000000000000e8030000000000000000000000000000000000000000',
    '00000000000000000000000000000000000000000000010000000000000064000000080000000a0000000000000040000000',
    '00000000080000000000000087d63241002000000000020000200000000000024000000020000000cc070000000800000100',
    '000000000000',
  ].join(''),
  'hex',
);

/** The same of 19rc1. */
const of19 = Buffer.from(
  [
    'dc6268ad25a60c6b710700008d95130c010000000000000027a60c6b0000000018ff74020000000018ff7402000000000100',
    '000001000000010000000100000000000000000000009602000000000000aa3500000100000001000000000000008e020000',
    '01000000010000000100000027a60c6b0000000000000000000000000000000000000000e803000000000000000000000000',
    '000000000000000000000000000000000000000000000000000000000000010000000000000064000000080000000a000000',
    '000000008000000000000000080000000000000087d632410020000000000200200000000020000000000002400000002000',
    '0000cc0700000008000001000000000000000000',
  ].join(''),
  'hex',
);

describe('the control file', () => {
  it.each([
    [
      '15',
      of15,
      '7713722953892402003',
      { minRecoveryTimeline: 144, walLogHints: 176, checksums: 252 },
      { checkpoint: 38_799_128n, redo: 38_799_128n, writtenAt: 1_795_991_083 },
    ],
    [
      '19',
      of19,
      '7713722942532117212',
      { minRecoveryTimeline: 152, walLogHints: 184, checksums: 264 },
      { checkpoint: 41_221_912n, redo: 41_221_912n, writtenAt: 1_795_991_079 },
    ],
  ])('of PostgreSQL %s is read', (_, bytes, systemId, offset, checkpoint) => {
    const fresh = {
      systemId,
      timeline: 1,
      segmentSize: 32 * 2 ** 20,
      shutDown: true,
      inRecovery: false,
      hintBitsLogged: false,
      ...checkpoint,
    };
    expect(parseControlFile(bytes)).toEqual(fresh);
    const recovering = Buffer.from(bytes);
    recovering.writeUInt32LE(5, 16);
    recovering.writeUInt32LE(7, offset.minRecoveryTimeline);
    expect(parseControlFile(recovering)).toEqual({ ...fresh, timeline: 7, shutDown: false, inRecovery: true });
    for (const place of [offset.walLogHints, offset.checksums]) {
      const logged = Buffer.from(bytes);
      logged.writeUInt8(1, place);
      expect(parseControlFile(logged)).toEqual({ ...fresh, hintBitsLogged: true });
    }
  });

  // pg_control.h of each major: 1300 from 13 to 16, 1700 of 17, 1800 of 18.
  it.each([1700, 1800])('of version %i is read as that of 16', (version) => {
    const bytes = Buffer.from(of15);
    bytes.writeUInt32LE(version, 8);
    expect(parseControlFile(bytes).segmentSize).toBe(32 * 2 ** 20);
  });

  it.each([1801, 1904, 1906, 2003])('of version %i is not guessed at', (version) => {
    const bytes = Buffer.from(of19);
    bytes.writeUInt32LE(version, 8);
    expect(() => parseControlFile(bytes)).toThrow(UnknownControlFile);
    expect(() => parseControlFile(bytes)).toThrow(
      `pg_control is of version ${version}, which this agent does not know (it knows those of PostgreSQL 13 to 19); wanted: an agent image as new as the server`,
    );
  });

  it('that is damaged is not taken for one of a newer version', () => {
    expect(() => parseControlFile(Buffer.alloc(8192))).toThrow('pg_control cannot be read: system 0');
    expect(() => parseControlFile(Buffer.alloc(8192, 0xff))).toThrow('pg_control cannot be read');
    expect(() => parseControlFile(of19.subarray(0, 200))).toThrow('pg_control has 200 bytes; wanted at least 268');
    expect(() => parseControlFile(Buffer.alloc(0))).toThrow('pg_control has 0 bytes');
  });
});
