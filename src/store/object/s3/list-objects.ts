import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Listed, Trouble } from '../../place.ts';
import type { Bucket } from './bucket.ts';
import { notAnswered } from './bucket.ts';
import { request, troubleOf } from '../requests.ts';

/** All pages. What is not the whole list is trouble: to callers a key that is missing here is one that is not there. */
export async function listObjects(
  bucket: Bucket,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<Listed | Trouble> {
  const what = `LIST ${prefix === '' ? '/' : prefix}`;
  const root = bucket.address.prefix === '' ? '' : `${bucket.address.prefix}/`;
  const objects: { key: string; size: number; modified: Date }[] = [];
  let token: string | undefined;
  do {
    const next = token;
    const reply = await request(
      bucket,
      what,
      (options) =>
        bucket.client.send(
          new ListObjectsV2Command({
            Bucket: bucket.address.bucket,
            Prefix: root + prefix,
            ...(next === undefined ? {} : { ContinuationToken: next }),
          }),
          options,
        ),
      { signal },
    );
    if (reply.outcome !== 'answered') {
      return troubleOf(reply, `${what} in ${bucket.name}`);
    }
    const { Name, IsTruncated, NextContinuationToken, Contents = [] } = reply.output;
    // An empty answer with 200 is not an empty store.
    if (Name === undefined || IsTruncated === undefined) {
      return notAnswered(bucket, what);
    }
    for (const { Key, Size, LastModified } of Contents) {
      if (Key === undefined || Size === undefined || LastModified === undefined || !Key.startsWith(root + prefix)) {
        return notAnswered(bucket, what);
      }
      // Consoles make empty ones that stand for a folder.
      if (!Key.endsWith('/')) {
        objects.push({ key: Key.slice(root.length), size: Size, modified: LastModified });
      }
    }
    if (IsTruncated && (NextContinuationToken === undefined || NextContinuationToken === token)) {
      return {
        outcome: 'not-this-store',
        words: `${what} in ${bucket.name}: there are more keys, and the store does not say how to ask for them`,
      };
    }
    token = IsTruncated ? NextContinuationToken : undefined;
  } while (token !== undefined);
  return { outcome: 'listed', objects };
}
