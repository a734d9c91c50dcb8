import { segmentStart } from '../../../src/agent/store/wal-name.ts';

export const segmentSize = 2 ** 20;
export const systemId = '7710520287593579133';

/** A segment that begins as PostgreSQL begins one (XLogLongPageHeaderData) and goes on with bytes that compress. */
export function fakeSegment(name: string, options: { fill?: string; system?: string; size?: number } = {}): Buffer {
  const bytes = Buffer.alloc(options.size ?? segmentSize, options.fill ?? 'rows and more rows ');
  bytes.writeUInt16LE(0xd110, 0);
  bytes.writeUInt16LE(0x0002, 2);
  bytes.writeUInt32LE(1, 4);
  bytes.writeBigUInt64LE(segmentStart(name, segmentSize), 8);
  bytes.writeBigUInt64LE(BigInt(options.system ?? systemId), 24);
  bytes.writeUInt32LE(segmentSize, 32);
  return bytes;
}
