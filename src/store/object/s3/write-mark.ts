import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { Stored, Trouble } from '../../place.ts';
import type { Bucket } from './bucket.ts';
import { keyIn } from './bucket.ts';
import { request, troubleOf } from '../requests.ts';

const metadataName = 'pgusher-write';

/** Every write has a number of its own beside it: after an answer that was lost it tells whether the write was carried out. */
export function markedWrite(
  { address }: Bucket,
  mark: string,
): Pick<PutObjectCommandInput, 'ContentType' | 'Metadata' | 'StorageClass' | 'ServerSideEncryption' | 'SSEKMSKeyId'> {
  return {
    ContentType: 'application/octet-stream',
    Metadata: { [metadataName]: mark },
    ...(address.storageClass === null
      ? {}
      : { StorageClass: address.storageClass as NonNullable<PutObjectCommandInput['StorageClass']> }),
    ...(address.encryption === null ? {} : { ServerSideEncryption: address.encryption }),
    ...(address.kmsKey === null ? {} : { SSEKMSKeyId: address.kmsKey }),
  };
}

/** What is at the key, where it is of the write with this mark. */
export async function ownWrite(
  bucket: Bucket,
  key: string,
  mark: string,
  signal: AbortSignal | undefined,
): Promise<(Stored & { readonly size: number }) | { readonly outcome: 'other' } | Trouble> {
  const what = `HEAD ${key}`;
  const reply = await request(
    bucket,
    what,
    (options) => bucket.client.send(new HeadObjectCommand(keyIn(bucket, key)), options),
    { signal },
  );
  if (reply.outcome !== 'answered') {
    return troubleOf(reply, `${what} in ${bucket.name}`);
  }
  const { ETag, ContentLength, Metadata = {} } = reply.output;
  return ETag !== undefined && ContentLength !== undefined && Metadata[metadataName] === mark
    ? { outcome: 'stored', version: ETag, size: ContentLength }
    : { outcome: 'other' };
}
