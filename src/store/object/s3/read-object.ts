import { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { Absent, ByteRange, Found, Trouble } from '../../place.ts';
import { rangeHeader, spanOf, wholeSpan } from '../byte-range.ts';
import type { Bucket } from './bucket.ts';
import { keyIn, notAnswered } from './bucket.ts';
import { md5Metadata, runningCrc32 } from './checksum.ts';
import type { BodyPart } from '../object-body.ts';
import { objectBody } from '../object-body.ts';
import { request, troubleOf } from '../requests.ts';
import { runningMd5 } from '../running-md5.ts';

export async function readObject(
  bucket: Bucket,
  key: string,
  range: ByteRange | undefined,
  signal: AbortSignal | undefined,
): Promise<Found | Absent | Trouble> {
  const asked = `GET ${key} in ${bucket.name}`;
  const running = bucket.checksums === 'crc32' ? runningCrc32 : runningMd5;
  const first = await getPart(bucket, key, range ?? { from: 0 }, undefined, signal);
  if (first.outcome !== 'part') {
    return first;
  }
  const bytes = objectBody({
    first,
    // The checksum is of the whole object.
    checksum: first.checksum !== null && first.from === 0 && first.to === first.size ? running(first.checksum) : null,
    idleMs: bucket.limits.idleMs,
    budgetMs: bucket.limits.budgetMs,
    asked,
    goOn: async (from, closed) => {
      const until = signal === undefined ? closed : AbortSignal.any([signal, closed]);
      const next = await getPart(bucket, key, { from, to: first.to }, first.version, until);
      return next.outcome === 'absent'
        ? { outcome: 'damaged', words: `${asked}: it was deleted while it was read` }
        : next;
    },
  });
  return { outcome: 'found', bytes, size: first.size, version: first.version };
}

interface FirstPart extends BodyPart {
  /** Of the whole object. */
  readonly size: number;
  readonly checksum: string | null;
}

/** @param version only this one. */
async function getPart(
  bucket: Bucket,
  key: string,
  range: ByteRange,
  version: string | undefined,
  signal: AbortSignal | undefined,
): Promise<FirstPart | Absent | Trouble> {
  const what = `GET ${key}`;
  const header = rangeHeader(range);
  const reply = await request(
    bucket,
    what,
    (options) =>
      bucket.client.send(
        new GetObjectCommand({
          ...keyIn(bucket, key),
          ...(header === undefined ? {} : { Range: header }),
          ...(version === undefined ? {} : { IfMatch: version }),
        }),
        options,
      ),
    { signal },
  );
  switch (reply.outcome) {
    case 'answered':
      break;
    case 'absent':
      return { outcome: 'absent' };
    case 'condition-failed':
      return { outcome: 'damaged', words: `${what} in ${bucket.name}: it was replaced while it was read` };
    default:
      return troubleOf(reply, `${what} in ${bucket.name}`);
  }
  const { Body, ETag, ContentLength, ContentRange, ChecksumCRC32, ChecksumType, Metadata = {} } = reply.output;
  const span = header === undefined ? wholeSpan(ContentLength) : spanOf(ContentRange, range);
  if (!(Body instanceof Readable) || ETag === undefined || span === undefined) {
    if (Body instanceof Readable) {
      Body.destroy();
    }
    return notAnswered(bucket, what);
  }
  // Of several parts, each with its own, there is no checksum of the bytes.
  const crc32 = ChecksumType === 'COMPOSITE' || ChecksumCRC32?.includes('-') === true ? undefined : ChecksumCRC32;
  const checksum = (bucket.checksums === 'crc32' ? crc32 : Metadata[md5Metadata]) ?? null;
  return { outcome: 'part', body: Body, ...span, version: ETag, checksum };
}
