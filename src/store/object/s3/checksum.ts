import { crc32 } from 'node:zlib';
import type { RunningChecksum } from '../object-body.ts';

/** As S3 writes a CRC32 in a header: four bytes, the highest first, in base64. */
export function checksumText(sum: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(sum);
  return bytes.toString('base64');
}

export function checksumOf(bytes: Uint8Array): string {
  return checksumText(crc32(bytes));
}

/** @param expected as S3 writes it. */
export function runningCrc32(expected: string): RunningChecksum {
  let sum = 0;
  return {
    name: 'CRC32',
    update: (piece) => {
      sum = crc32(piece, sum);
    },
    matches: () => checksumText(sum) === expected,
  };
}
