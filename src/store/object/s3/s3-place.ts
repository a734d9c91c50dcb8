import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import type { Place, Trouble } from '../../place.ts';
import type { StoreLimits } from '../limits.ts';
import { storeLimits } from '../limits.ts';
import { outcomeOfFailure } from '../outcome-of-failure.ts';
import { PartBuffers } from '../parts.ts';
import { probePlace } from '../probe-place.ts';
import { request, troubleOf } from '../requests.ts';
import type { Bucket } from './bucket.ts';
import { keyIn, notAnswered } from './bucket.ts';
import { failedRequest } from './failed-request.ts';
import { listObjects } from './list-objects.ts';
import { putObject } from './put-object.ts';
import { readObject } from './read-object.ts';
import type { S3Address } from './s3-address.ts';
import { s3Client } from './s3-client.ts';
import { s3Dialect } from './s3-dialect.ts';
import { uploadStream } from './upload-stream.ts';

/**
 * A place in S3, or what speaks it. Single commands of Amazon's client; limits of time, attempts, parts and checksums are ours
 * (limits.ts, requests.ts), and so is what an answer means (outcome-of-failure.ts, s3-dialect.ts).
 * @throws see s3-client.ts.
 */
export function s3Place(address: S3Address, environment: NodeJS.ProcessEnv, limits: StoreLimits = storeLimits): Place {
  const client = s3Client(address, environment, limits);
  return placeIn({ client, address, limits, name: placeName(address), checksums: 'crc32' });
}

/** The verbs over a client that is there. */
export function placeIn(given: Pick<Bucket, 'client' | 'address' | 'limits' | 'name' | 'checksums'>): Place {
  const bucket: Bucket = {
    ...given,
    outcomeOf: (error, asked) => outcomeOfFailure(failedRequest(error), asked, s3Dialect),
    buffers: new PartBuffers(),
  };
  const place: Place = {
    name: bucket.name,
    read: (key, range, signal) => readObject(bucket, key, range, signal),
    list: (prefix, signal) => listObjects(bucket, prefix, signal),
    putIfAbsent: async (key, bytes, signal) => {
      const put = await putObject(bucket, key, bytes, { IfNoneMatch: '*' }, signal);
      return put.outcome === 'condition-failed' ? { outcome: 'exists' } : put;
    },
    replaceIfUnchanged: async (key, bytes, version, signal) => {
      const put = await putObject(bucket, key, bytes, { IfMatch: version }, signal);
      return put.outcome === 'condition-failed' ? { outcome: 'changed' } : put;
    },
    putStream: (key, bytes, signal) => uploadStream(bucket, key, bytes, signal),
    delete: (key, signal) => deleteObject(bucket, key, signal),
    probe: (signal) => probePlace(place, signal),
    close: () => {
      bucket.client.destroy();
    },
  };
  return place;
}

function placeName(address: S3Address): string {
  const path = address.prefix === '' ? address.bucket : `${address.bucket}/${address.prefix}`;
  return address.endpoint === null ? `s3://${path}` : `s3://${path} at ${address.endpoint}`;
}

async function deleteObject(
  bucket: Bucket,
  key: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly outcome: 'deleted' } | Trouble> {
  const what = `DELETE ${key}`;
  const reply = await request(
    bucket,
    what,
    (options) => bucket.client.send(new DeleteObjectCommand(keyIn(bucket, key)), options),
    { signal },
  );
  switch (reply.outcome) {
    case 'answered':
      // Nothing else is said to that by a store, and by many that are none.
      return reply.output.$metadata.httpStatusCode === 204 ? { outcome: 'deleted' } : notAnswered(bucket, what);
    case 'absent':
      return { outcome: 'deleted' };
    default:
      return troubleOf(reply, `${what} in ${bucket.name}`);
  }
}
