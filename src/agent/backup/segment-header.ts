import { open } from 'node:fs/promises';
import { segmentStart } from '../store/wal-name.ts';

/** Bytes of XLogLongPageHeaderData up to the block size (xlog_internal.h; the same from 13 to 18). */
export const headerSize = 40;
const longHeader = 0x0002;

/**
 * What is wrong with the head of a complete segment, or undefined: the size, the position and the system id that the
 * server itself wrote into its first page. A file that is none of this system's is never put among its WAL.
 */
export async function readSegmentHeader(
  path: string,
  name: string,
  segmentSize: number,
  systemId: string,
): Promise<string | undefined> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(headerSize);
    const { bytesRead } = await file.read(head, 0, headerSize, 0);
    return size !== segmentSize || bytesRead < headerSize
      ? `${path} has ${size} bytes; wanted ${segmentSize}`
      : headTrouble(head, path, name, segmentSize, systemId);
  } finally {
    await file.close();
  }
}

/** The same of the first `headerSize` bytes alone. */
export function headTrouble(
  head: Buffer,
  path: string,
  name: string,
  segmentSize: number,
  systemId: string,
): string | undefined {
  if ((head.readUInt16LE(2) & longHeader) === 0) {
    return `${path} does not begin with the header of a WAL segment`;
  }
  if (head.readBigUInt64LE(8) !== segmentStart(name, segmentSize)) {
    return `${path} holds WAL of another position than its name says`;
  }
  const found = head.readBigUInt64LE(24).toString();
  return found === systemId ? undefined : `${path} is WAL of system ${found}; wanted ${systemId}`;
}
