import { randomUUID } from 'node:crypto';
import type { Stored, Trouble } from '../../place.ts';
import type { Reply } from '../requests.ts';
import { request, troubleOf } from '../requests.ts';
import type { Container } from './container.ts';
import { blobOf, notAnswered } from './container.ts';
import { markedWrite, md5Of, ownWrite } from './write-mark.ts';

/** One request. `condition-failed`: the condition did not hold, or what was to be replaced is gone. */
export async function putBlob(
  container: Container,
  key: string,
  bytes: Uint8Array,
  condition: { readonly 'if-none-match': '*' } | { readonly 'if-match': string },
  signal: AbortSignal | undefined,
): Promise<Stored | { readonly outcome: 'condition-failed' } | Trouble> {
  const mark = randomUUID();
  const what = `PUT ${key}`;
  const reply = await putWhole(
    container,
    key,
    Buffer.from(bytes),
    { ...condition, ...markedWrite(container, mark) },
    signal,
  );
  switch (reply.outcome) {
    case 'answered':
      return reply.output === undefined ? notAnswered(container, what) : { outcome: 'stored', version: reply.output };
    case 'condition-failed': {
      // An attempt whose answer was lost may be the one that met it.
      const own = reply.doubt ? await ownWrite(container, key, mark, signal) : { outcome: 'condition-failed' as const };
      return own.outcome === 'other' ? { outcome: 'condition-failed' } : own;
    }
    case 'absent':
      return 'if-match' in condition
        ? { outcome: 'condition-failed' }
        : troubleOf(reply, `${what} in ${container.name}`);
    default:
      return troubleOf(reply, `${what} in ${container.name}`);
  }
}

/** Put Blob; answers the version. Azure refuses it where the bytes are not those of the checksum. */
export function putWhole(
  container: Container,
  key: string,
  body: Buffer,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<Reply<string | undefined>> {
  return request(
    container,
    `PUT ${key}`,
    async ({ abortSignal }) => {
      const answer = await container.client.send(
        {
          method: 'PUT',
          blob: blobOf(container, key),
          headers: { ...headers, 'x-ms-blob-type': 'BlockBlob', 'content-md5': md5Of(body) },
          body,
        },
        abortSignal,
      );
      answer.body.resume();
      return answer.status === 201 ? answer.headers.etag : undefined;
    },
    { sent: body.length, signal },
  );
}
