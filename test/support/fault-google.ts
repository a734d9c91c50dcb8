import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Asked, FaultDialect, StoredObject } from './fault-store.ts';
import { s3Dialect, sendError } from './fault-store.ts';

/**
 * As fault-store.ts, with what is known of Google Cloud Storage's XML interface: no header of Amazon's beside its own, conditions by generation,
 * which parts do not take, and If-None-Match that is ignored at a PUT. It is a stand-in: no real Google was asked.
 */
export const googleDialect: FaultDialect = { ...s3Dialect, answer: wellAnswer, makeObject: storedObject };

/** Of the same bytes the same: what tests need. */
export function generationOf(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest().readUInt32BE().toString();
}

function storedObject(...[bytes, headers]: Parameters<FaultDialect['makeObject']>): StoredObject {
  const mark = headers['x-goog-meta-pgusher-write'];
  return {
    bytes,
    etag: `"${createHash('md5').update(bytes).digest('hex')}"`,
    headers: {
      'content-type': 'application/octet-stream',
      'x-goog-generation': generationOf(bytes),
      'x-goog-hash': `crc32c=AAAAAA==, md5=${md5Of(bytes)}`,
      ...(typeof mark === 'string' ? { 'x-goog-meta-pgusher-write': mark } : {}),
    },
  };
}

function wellAnswer(
  objects: Map<string, StoredObject>,
  uploads: Map<string, Buffer[]>,
  asked: Asked,
  response: ServerResponse,
): void {
  const { method, key, headers, query, body } = asked;
  const names = Object.keys(headers);
  const wanted = headers['x-goog-if-generation-match'];
  const found = objects.get(key);
  if (names.some((name) => name.startsWith('x-amz-'))) {
    sendError(response, 400, 'ExcessHeaderValues');
  } else if (!/^(GOOG4-HMAC-SHA256|Bearer) /.test(headers.authorization ?? '')) {
    sendError(response, 401, 'AuthenticationRequired');
  } else if (wanted !== undefined && (query.has('uploads') || query.has('uploadId'))) {
    sendError(response, 400, 'NotImplemented');
  } else if (wanted !== undefined && wanted !== (found === undefined ? '0' : generationOf(found.bytes))) {
    sendError(response, 412, 'PreconditionFailed');
  } else if (headers['content-md5'] !== undefined && headers['content-md5'] !== md5Of(body)) {
    sendError(response, 400, 'BadDigest');
  } else if (method === 'PUT' && !query.has('uploadId')) {
    const stored = storedObject(body, headers);
    objects.set(key, stored);
    response.writeHead(200, { etag: stored.etag, 'x-goog-generation': generationOf(body) }).end();
  } else {
    const ignored = { 'if-match': undefined, 'if-none-match': undefined };
    const heard = { ...asked, headers: { ...inAmazonsWords(headers), ...ignored } };
    s3Dialect.answer(objects, uploads, heard, marked(response, found));
    restore(objects, key);
  }
}

/** So that the mark that came with the first request of an upload is kept. */
function inAmazonsWords(headers: Asked['headers']): Asked['headers'] {
  const mark = headers['x-goog-meta-pgusher-write'];
  return mark === undefined ? headers : { ...headers, 'x-amz-meta-pgusher-write': mark };
}

/** What was put together of parts has a generation too. */
function restore(objects: Map<string, StoredObject>, key: string): void {
  const made = objects.get(key);
  const mark = made?.headers['x-amz-meta-pgusher-write'];
  if (made !== undefined && made.headers['x-goog-generation'] === undefined) {
    objects.set(key, storedObject(made.bytes, mark === undefined ? {} : { 'x-goog-meta-pgusher-write': mark }));
  }
}

/** Every answer about an object names its generation. */
function marked(response: ServerResponse, found: StoredObject | undefined): ServerResponse {
  if (found !== undefined) {
    response.setHeader('x-goog-generation', generationOf(found.bytes));
  }
  return response;
}

function md5Of(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('base64');
}
