import type { S3Client } from '@aws-sdk/client-s3';
import type { Trouble } from '../../place.ts';
import type { PartBuffers } from '../parts.ts';
import type { RequestContext } from '../requests.ts';
import type { S3Address } from './s3-address.ts';

/** What each verb works with. */
export interface Bucket extends RequestContext {
  readonly client: S3Client;
  readonly address: S3Address;
  /** Which the store checks at a write. */
  readonly checksums: 'crc32' | 'md5';
  readonly buffers: PartBuffers;
}

/** Key and bucket as the client wants them. */
export function keyIn({ address }: Bucket, key: string): { readonly Bucket: string; readonly Key: string } {
  return { Bucket: address.bucket, Key: address.prefix === '' ? key : `${address.prefix}/${key}` };
}

/** 200, and nothing of what such an answer says. */
export function notAnswered(bucket: Bucket, what: string): Trouble {
  return {
    outcome: 'not-this-store',
    words: `${what} in ${bucket.name}: answered with success, and with nothing that an object store says to that`,
  };
}
