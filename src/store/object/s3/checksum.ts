import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { RunningChecksum } from '../object-body.ts';
import type { Bucket } from './bucket.ts';

/** S3 has no header for the MD5 of an object; a translation (s3-client.ts) puts it among the metadata of the answer. */
export const md5Metadata = 'pgusher-md5';

/** As S3 writes a CRC32 in a header: four bytes, the highest first, in base64. */
export function checksumText(sum: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(sum);
  return bytes.toString('base64');
}

function checksumOf(bytes: Uint8Array): string {
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

/** What goes along with the bytes of a write. */
export function checksumField(
  { checksums }: Bucket,
  bytes: Uint8Array,
): { readonly ChecksumCRC32: string } | { readonly ContentMD5: string } {
  return checksums === 'crc32'
    ? { ChecksumCRC32: checksumOf(bytes) }
    : { ContentMD5: createHash('md5').update(bytes).digest('base64') };
}
