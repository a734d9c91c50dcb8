import { randomUUID } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { Stored, Trouble } from '../../place.ts';
import type { Bucket } from './bucket.ts';
import { keyIn, notAnswered } from './bucket.ts';
import { checksumField } from './checksum.ts';
import { request, troubleOf } from '../requests.ts';
import { markedWrite, ownWrite } from './write-mark.ts';

/** One request. `condition-failed`: the condition did not hold, or what was to be replaced is gone. */
export async function putObject(
  bucket: Bucket,
  key: string,
  bytes: Uint8Array,
  condition: { readonly IfNoneMatch: '*' } | { readonly IfMatch: string },
  signal: AbortSignal | undefined,
): Promise<Stored | { readonly outcome: 'condition-failed' } | Trouble> {
  const mark = randomUUID();
  const what = `PUT ${key}`;
  const reply = await request(
    bucket,
    what,
    (options) =>
      bucket.client.send(
        new PutObjectCommand({
          ...keyIn(bucket, key),
          ...markedWrite(bucket, mark),
          ...condition,
          Body: bytes,
          ContentLength: bytes.length,
          ...checksumField(bucket, bytes),
        }),
        options,
      ),
    { sent: bytes.length, signal },
  );
  switch (reply.outcome) {
    case 'answered':
      return reply.output.ETag === undefined
        ? notAnswered(bucket, what)
        : { outcome: 'stored', version: reply.output.ETag };
    case 'condition-failed': {
      // An attempt whose answer was lost may be the one that met it.
      const own = reply.doubt ? await ownWrite(bucket, key, mark, signal) : { outcome: 'condition-failed' as const };
      return own.outcome === 'other' ? { outcome: 'condition-failed' } : own;
    }
    case 'absent':
      return 'IfMatch' in condition ? { outcome: 'condition-failed' } : troubleOf(reply, `${what} in ${bucket.name}`);
    default:
      return troubleOf(reply, `${what} in ${bucket.name}`);
  }
}
