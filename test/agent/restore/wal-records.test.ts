import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../src/agent/restore/crc32c.ts';
import { WalRecords } from '../../../src/agent/restore/wal-records.ts';

const pageSize = 8192;
const flags = { continues: 1, long: 2, overwrites: 8 };

/** A record of the resource manager that takes anything, with its checksum. */
function record(length: number, previous: number): Buffer {
  const bytes = Buffer.alloc(length, 0x5a);
  bytes.writeUInt32LE(length, 0);
  bytes.writeUInt32LE(7, 4);
  bytes.writeBigUInt64LE(BigInt(previous), 8);
  bytes.writeUInt8(0, 16);
  bytes.writeUInt8(10, 17);
  bytes.writeUInt16LE(0, 18);
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, 20), crc32c(bytes.subarray(24))), 20);
  return bytes;
}

function page(address: number, info: number, rest: number, body: Buffer): Buffer {
  const bytes = Buffer.alloc(pageSize);
  bytes.writeUInt16LE(0xd110, 0);
  bytes.writeUInt16LE(info, 2);
  bytes.writeBigUInt64LE(BigInt(address), 8);
  bytes.writeUInt32LE(rest, 16);
  body.copy(bytes, headerOf(info));
  return bytes;
}

function headerOf(info: number): number {
  return (info & flags.long) === 0 ? 24 : 40;
}

const begin = 0x1000000;

function read(...pages: Buffer[]): WalRecords {
  const records = new WalRecords();
  records.beginSegment(BigInt(begin), 2 ** 20);
  records.feed(Buffer.concat(pages), BigInt(begin));
  return records;
}

describe('the end of WAL', () => {
  it('is summed as PostgreSQL does', () => {
    // The check value of the CRC catalogue for CRC-32/ISCSI.
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(Buffer.from('56789'), crc32c(Buffer.from('1234')))).toBe(0xe3069283);
  });

  const first = record(64, 0);
  const second = record(72, begin + 40);

  it('is behind the last whole record', () => {
    const { end, lastStart } = read(page(begin, flags.long, 0, Buffer.concat([first, second])));
    expect([end, lastStart]).toEqual([BigInt(begin + 40 + 64 + 72), BigInt(begin + 40 + 64)]);
  });

  it('is before a record of which not every byte was written', () => {
    const torn = Buffer.from(second);
    torn.fill(0, 48);
    const { end } = read(page(begin, flags.long, 0, Buffer.concat([first, torn])));
    expect(end).toBe(BigInt(begin + 40 + 64));
  });

  const long = record(8180, begin + 40);
  const onFirst = pageSize - 40 - 64;

  it('is behind a record that goes on in the next page', () => {
    const { end } = read(
      page(begin, flags.long, 0, Buffer.concat([first, long.subarray(0, onFirst)])),
      page(begin + pageSize, flags.continues, long.length - onFirst, long.subarray(onFirst)),
    );
    expect(end).toBe(BigInt(begin + pageSize + 24 + 8 * Math.ceil((long.length - onFirst) / 8)));
  });

  it('is before one whose next page says that it goes on otherwise', () => {
    const { end } = read(
      page(begin, flags.long, 0, Buffer.concat([first, long.subarray(0, onFirst)])),
      page(begin + pageSize, flags.continues, 16, long.subarray(onFirst)),
    );
    expect(end).toBe(BigInt(begin + 40 + 64));
  });

  it('is not where a crash cut a record short and the server went on in the next page', () => {
    const next = record(64, begin + 40);
    const { end, lastStart } = read(
      page(begin, flags.long, 0, Buffer.concat([first, long.subarray(0, onFirst)])),
      page(begin + pageSize, flags.overwrites, 0, next),
    );
    expect([end, lastStart]).toEqual([BigInt(begin + pageSize + 24 + 64), BigInt(begin + pageSize + 24)]);
  });

  it('is the one that is asked for, whatever stands behind it', () => {
    const records = new WalRecords(BigInt(begin + 40));
    records.beginSegment(BigInt(begin), 2 ** 20);
    records.feed(page(begin, flags.long, 0, Buffer.concat([first, second])), BigInt(begin));
    expect([records.end, records.ended]).toEqual([BigInt(begin + 40 + 64), true]);
  });
});
