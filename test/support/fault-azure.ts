import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Asked, FaultDialect, StoredObject } from './fault-store.ts';
import { sendXml, tagOf } from './fault-store.ts';

const mark = 'x-ms-meta-pgusher_write';
/** Of every answer. */
const own = { 'x-ms-request-id': 'b7a5', 'x-ms-version': '2023-11-03' };

/** As fault-store.ts, for Azure Blob Storage: account `pgusher`, container `backups`. */
export const azureDialect: FaultDialect = {
  root: '/pgusher/backups',
  answer: wellAnswer,
  refuse: (asked, response, status, code, headers) => {
    refuse(asked, response, status, code, headers);
  },
  objectHeaders: { ...own, 'x-ms-blob-type': 'BlockBlob' },
  makeObject: storedBlob,
};

function refuse(
  { method }: Asked,
  response: ServerResponse,
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const head = { ...own, 'x-ms-error-code': code, ...headers };
  if (method === 'HEAD') {
    response.writeHead(status, head).end();
  } else {
    sendXml(
      response,
      status,
      `<Error><Code>${code}</Code><Message>${code} it is\nRequestId:b7a5</Message></Error>`,
      head,
    );
  }
}

function wellAnswer(
  objects: Map<string, StoredObject>,
  uploads: Map<string, Buffer[]>,
  asked: Asked,
  response: ServerResponse,
): void {
  const { method, key, query, headers, body } = asked;
  const found = objects.get(key);
  if (typeof headers['content-md5'] === 'string' && headers['content-md5'] !== md5Of(body)) {
    refuse(asked, response, 400, 'Md5Mismatch');
  } else if (method === 'GET' && query.get('comp') === 'list') {
    list(objects, query, response);
  } else if (method === 'GET' || method === 'HEAD') {
    give(found, asked, response);
  } else if (method === 'DELETE') {
    objects.delete(key);
    response.writeHead(
      found === undefined ? 404 : 202,
      found === undefined ? { ...own, 'x-ms-error-code': 'BlobNotFound' } : own,
    );
    response.end();
  } else if (query.get('comp') === 'block') {
    uploads.set(query.get('blockid') ?? '', [body]);
    response.writeHead(201, own).end();
  } else if (query.get('comp') === 'blocklist') {
    const ids = [...body.toString().matchAll(/<Latest>([^<]*)</g)].map(([, id = '']) => id);
    store(objects, key, Buffer.concat(ids.flatMap((id) => uploads.get(id) ?? [])), headers, response);
  } else if (headers['if-none-match'] === '*' && found !== undefined) {
    refuse(asked, response, 409, 'BlobAlreadyExists');
  } else if (headers['if-match'] !== undefined && headers['if-match'] !== found?.etag) {
    refuse(asked, response, 412, 'ConditionNotMet');
  } else {
    store(objects, key, body, headers, response);
  }
}

function store(
  objects: Map<string, StoredObject>,
  key: string,
  bytes: Buffer,
  headers: IncomingMessage['headers'],
  response: ServerResponse,
): void {
  const made = storedBlob(bytes, headers);
  objects.set(key, made);
  response.writeHead(201, { ...own, etag: made.etag }).end();
}

function give(found: StoredObject | undefined, asked: Asked, response: ServerResponse): void {
  const { headers, method } = asked;
  const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
  if (found === undefined) {
    refuse(asked, response, 404, 'BlobNotFound');
  } else if (headers['if-match'] !== undefined && headers['if-match'] !== found.etag) {
    refuse(asked, response, 412, 'ConditionNotMet');
  } else if (range === null) {
    response.writeHead(200, { ...found.headers, etag: found.etag, 'content-length': found.bytes.length });
    response.end(method === 'HEAD' ? undefined : found.bytes);
  } else {
    const from = Number(range[1]);
    const to = range[2] === '' ? found.bytes.length : Math.min(Number(range[2]) + 1, found.bytes.length);
    response.writeHead(206, {
      ...azureDialect.objectHeaders,
      etag: found.etag,
      'content-length': to - from,
      'content-range': `bytes ${from}-${to - 1}/${found.bytes.length}`,
    });
    response.end(found.bytes.subarray(from, to));
  }
}

function list(objects: ReadonlyMap<string, StoredObject>, query: URLSearchParams, response: ServerResponse): void {
  const prefix = query.get('prefix') ?? '';
  const blobs = [...objects.keys()]
    .filter((key) => key.startsWith(prefix))
    .sort()
    .map((key) => blobEntry(key, objects.get(key)?.bytes.length ?? 0));
  sendXml(response, 200, listing(blobs.join('')), own);
}

export function blobEntry(name: string, size: number, more = ''): string {
  return `<Blob><Name>${name}</Name><Properties><Last-Modified>Mon, 30 Nov 2026 00:00:00 GMT</Last-Modified><Content-Length>${size}</Content-Length>${more}</Properties></Blob>`;
}

export function listing(blobs: string, next = ''): string {
  return `<EnumerationResults ServiceEndpoint="https://store/pgusher" ContainerName="backups"><Blobs>${blobs}</Blobs><NextMarker>${next}</NextMarker></EnumerationResults>`;
}

function storedBlob(bytes: Buffer, headers: IncomingMessage['headers']): StoredObject {
  const found = headers[mark];
  return {
    bytes,
    etag: tagOf(bytes),
    headers: {
      ...azureDialect.objectHeaders,
      'content-type': 'application/octet-stream',
      'content-md5': md5Of(bytes),
      ...(typeof found === 'string' ? { [mark]: found } : {}),
    },
  };
}

function md5Of(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('base64');
}
