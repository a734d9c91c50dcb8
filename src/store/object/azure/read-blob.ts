import type { IncomingMessage } from 'node:http';
import type { Absent, ByteRange, Found, Trouble } from '../../place.ts';
import { rangeHeader, spanOf, wholeSpan } from '../byte-range.ts';
import type { BodyPart } from '../object-body.ts';
import { objectBody } from '../object-body.ts';
import { request, troubleOf } from '../requests.ts';
import { runningMd5 } from '../running-md5.ts';
import type { Container } from './container.ts';
import { blobOf, notAnswered } from './container.ts';

export async function readBlob(
  container: Container,
  key: string,
  range: ByteRange | undefined,
  signal: AbortSignal | undefined,
): Promise<Found | Absent | Trouble> {
  const asked = `GET ${key} in ${container.name}`;
  const first = await getPart(container, key, range ?? { from: 0 }, undefined, signal);
  if (first.outcome !== 'part') {
    return first;
  }
  const bytes = objectBody({
    first,
    checksum: first.md5 !== null && first.from === 0 && first.to === first.size ? runningMd5(first.md5) : null,
    idleMs: container.limits.idleMs,
    budgetMs: container.limits.budgetMs,
    asked,
    goOn: async (from, closed) => {
      const until = signal === undefined ? closed : AbortSignal.any([signal, closed]);
      const next = await getPart(container, key, { from, to: first.to }, first.version, until);
      return next.outcome === 'absent'
        ? { outcome: 'damaged', words: `${asked}: it was deleted while it was read` }
        : next;
    },
  });
  return { outcome: 'found', bytes, size: first.size, version: first.version };
}

interface FirstPart extends BodyPart {
  /** Of the whole blob. */
  readonly size: number;
  /** Of the whole blob; null where whoever wrote it gave none. */
  readonly md5: string | null;
}

/** @param version only this one. */
async function getPart(
  container: Container,
  key: string,
  range: ByteRange,
  version: string | undefined,
  signal: AbortSignal | undefined,
): Promise<FirstPart | Absent | Trouble> {
  const what = `GET ${key}`;
  const header = rangeHeader(range);
  const headers = {
    ...(header === undefined ? {} : { range: header }),
    ...(version === undefined ? {} : { 'if-match': version }),
  };
  const reply = await request(
    container,
    what,
    ({ abortSignal }) => container.client.send({ method: 'GET', blob: blobOf(container, key), headers }, abortSignal),
    { signal },
  );
  switch (reply.outcome) {
    case 'answered':
      break;
    case 'absent':
      return { outcome: 'absent' };
    case 'condition-failed':
      return { outcome: 'damaged', words: `${what} in ${container.name}: it was replaced while it was read` };
    default:
      return troubleOf(reply, `${what} in ${container.name}`);
  }
  const { headers: said, body } = reply.output;
  const length = said['content-length'];
  const span =
    header === undefined
      ? wholeSpan(length === undefined ? undefined : Number(length))
      : spanOf(said['content-range'], range);
  const { etag, 'x-ms-blob-type': type } = said;
  if (etag === undefined || type === undefined || span === undefined) {
    body.destroy();
    return notAnswered(container, what);
  }
  const md5 = said['content-md5'];
  return {
    outcome: 'part',
    body: failingWhereCut(body),
    ...span,
    version: etag,
    md5: typeof md5 === 'string' ? md5 : null,
  };
}

/** Its errors are read while it is; one that comes before is not nobody's. */
function failingWhereCut(body: IncomingMessage): IncomingMessage {
  return body.on('error', () => undefined);
}
