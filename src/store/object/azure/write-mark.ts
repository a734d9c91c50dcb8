import { createHash } from 'node:crypto';
import type { Stored, Trouble } from '../../place.ts';
import { request, troubleOf } from '../requests.ts';
import type { Container } from './container.ts';
import { blobOf } from './container.ts';

/** Names of metadata are identifiers of C#: no dashes. */
const metadataHeader = 'x-ms-meta-pgusher_write';

/** Every write has a number of its own beside it: after an answer that was lost it tells whether the write was carried out. */
export function markedWrite({ address }: Container, mark: string): Readonly<Record<string, string>> {
  return {
    [metadataHeader]: mark,
    'x-ms-blob-content-type': 'application/octet-stream',
    ...(address.storageClass === null ? {} : { 'x-ms-access-tier': address.storageClass }),
  };
}

/** As Azure checks what comes, and keeps it beside the blob: sixteen bytes in base64. */
export function md5Of(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('base64');
}

/** What is at the key, where it is of the write with this mark. */
export async function ownWrite(
  container: Container,
  key: string,
  mark: string,
  signal: AbortSignal | undefined,
): Promise<(Stored & { readonly size: number }) | { readonly outcome: 'other' } | Trouble> {
  const what = `HEAD ${key}`;
  const reply = await request(
    container,
    what,
    async ({ abortSignal }) => {
      const { headers, body } = await container.client.send(
        { method: 'HEAD', blob: blobOf(container, key) },
        abortSignal,
      );
      body.resume();
      return headers;
    },
    { signal },
  );
  if (reply.outcome !== 'answered') {
    return troubleOf(reply, `${what} in ${container.name}`);
  }
  const { etag, 'content-length': length, [metadataHeader]: found } = reply.output;
  return etag !== undefined && length !== undefined && found === mark
    ? { outcome: 'stored', version: etag, size: Number(length) }
    : { outcome: 'other' };
}
