import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';

/** What was asked, whole. */
export interface Asked {
  readonly method: string;
  /** Of the object, without the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Answers in the place of the store, or lets it answer. @param times how often this fault was asked before. */
export type Fault = (asked: Asked, response: ServerResponse, times: number, store: FaultStore) => 'healthy' | undefined;

export interface FaultStore {
  readonly origin: string;
  readonly objects: Map<string, StoredObject>;
  readonly asked: Asked[];
  fault: Fault | null;
  /** As a store that is well does. */
  answer(asked: Asked, response: ServerResponse): void;
  /** As this kind of store says an error. */
  refuse(asked: Asked, response: ServerResponse, status: number, code: string, headers?: Headers): void;
  /** What stands in the head of every answer to a GET of an object. */
  readonly objectHeaders: Headers;
  readonly makeObject: typeof storedObject;
  close(): Promise<void>;
}

type Headers = Readonly<Record<string, string>>;

/** How one kind of store speaks. */
export interface FaultDialect extends Pick<FaultStore, 'refuse' | 'objectHeaders' | 'makeObject'> {
  /** Path of the bucket. */
  readonly root: string;
  /** @param uploads bytes of parts that are no object yet. */
  answer(
    objects: Map<string, StoredObject>,
    uploads: Map<string, Buffer[]>,
    asked: Asked,
    response: ServerResponse,
  ): void;
}

export interface StoredObject {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A server that speaks as much of S3, or of another kind, as the place does, to be wrong in every way that no real store is wrong on demand. Bucket
 * `backups`. What it does when it is well is checked against a real one in test/postgres/object-store.test.ts: the same calls, the same outcomes.
 */
export async function startFaultStore(
  tls?: { readonly key: string; readonly cert: string },
  dialect: FaultDialect = s3Dialect,
): Promise<FaultStore> {
  const objects = new Map<string, StoredObject>();
  const uploads = new Map<string, Buffer[]>();
  let times = 0;
  let fault: Fault | null = null;
  const listener: RequestListener = (request, response) => {
    const pieces: Buffer[] = [];
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://store');
      const asked: Asked = {
        method: request.method ?? '',
        key: belowRoot(decodeURIComponent(url.pathname), dialect.root),
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.concat(pieces),
      };
      store.asked.push(asked);
      if (fault === null || fault(asked, response, times++, store) === 'healthy') {
        store.answer(asked, response);
      }
    });
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const store: FaultStore = {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    asked: [],
    get fault() {
      return fault;
    },
    set fault(next) {
      fault = next;
      times = 0;
    },
    answer: (asked, response) => {
      dialect.answer(objects, uploads, asked, response);
    },
    refuse: (...given) => {
      dialect.refuse(...given);
    },
    objectHeaders: dialect.objectHeaders,
    makeObject: dialect.makeObject,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return store;
}

function belowRoot(path: string, root: string): string {
  const below = path.startsWith(root) ? path.slice(root.length) : path;
  return below.replace(/^\//, '');
}

export function sendXml(
  response: ServerResponse,
  status: number,
  xml: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/xml', ...headers });
  response.end(`<?xml version="1.0" encoding="UTF-8"?>\n${xml}`);
}

export function sendError(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  sendXml(response, status, `<Error><Code>${code}</Code><Message>${code} it is</Message></Error>`, headers);
}

export const s3Dialect: FaultDialect = {
  root: '/backups',
  answer: wellAnswer,
  refuse: (asked, response, status, code, headers) => {
    if (asked.method === 'HEAD') {
      response.writeHead(status).end();
    } else {
      sendError(response, status, code, headers);
    }
  },
  objectHeaders: {},
  makeObject: storedObject,
};

function wellAnswer(
  objects: Map<string, StoredObject>,
  uploads: Map<string, Buffer[]>,
  { method, key, query, headers, body }: Asked,
  response: ServerResponse,
): void {
  const found = objects.get(key);
  const uploadId = query.get('uploadId');
  const parts = uploadId === null ? undefined : uploads.get(uploadId);
  if (uploadId !== null && parts === undefined) {
    sendError(response, 404, 'NoSuchUpload');
  } else if (method === 'GET' && query.has('list-type')) {
    list(objects, query, response);
  } else if (method === 'GET' || method === 'HEAD') {
    give(found, headers, method, response);
  } else if (method === 'POST' && query.has('uploads')) {
    const id = randomUUID();
    uploads.set(id, []);
    objects.set(`.upload/${id}`, storedObject(Buffer.alloc(0), headers));
    sendXml(response, 200, `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
  } else if (method === 'PUT' && parts !== undefined) {
    parts[Number(query.get('partNumber')) - 1] = body;
    response.writeHead(200, { etag: tagOf(body) }).end();
  } else if (method === 'POST' && parts !== undefined) {
    // The mark came with the first request.
    const mark = objects.get(`.upload/${uploadId ?? ''}`)?.headers['x-amz-meta-pgusher-write'];
    const made = storedObject(Buffer.concat(parts), { 'x-amz-meta-pgusher-write': mark });
    objects.set(key, made);
    forget(objects, uploads, uploadId);
    const xml = `<CompleteMultipartUploadResult><ETag>${made.etag}</ETag></CompleteMultipartUploadResult>`;
    sendXml(response, 200, xml);
  } else if (method === 'DELETE') {
    if (parts === undefined) {
      objects.delete(key);
    }
    forget(objects, uploads, uploadId);
    response.writeHead(204).end();
  } else if (
    (headers['if-none-match'] === '*' && found !== undefined) ||
    (headers['if-match'] !== undefined && headers['if-match'] !== found?.etag)
  ) {
    sendError(response, 412, 'PreconditionFailed');
  } else {
    const stored = storedObject(body, headers);
    objects.set(key, stored);
    response.writeHead(200, { etag: stored.etag }).end();
  }
}

function forget(objects: Map<string, StoredObject>, uploads: Map<string, Buffer[]>, id: string | null): void {
  uploads.delete(id ?? '');
  objects.delete(`.upload/${id ?? ''}`);
}

function give(
  found: StoredObject | undefined,
  headers: IncomingMessage['headers'],
  method: string,
  response: ServerResponse,
): void {
  const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
  if (found === undefined) {
    if (method === 'HEAD') {
      response.writeHead(404).end();
    } else {
      sendError(response, 404, 'NoSuchKey');
    }
  } else if (headers['if-match'] !== undefined && headers['if-match'] !== found.etag) {
    sendError(response, 412, 'PreconditionFailed');
  } else if (range === null) {
    response.writeHead(200, { ...found.headers, etag: found.etag, 'content-length': found.bytes.length });
    response.end(method === 'HEAD' ? undefined : found.bytes);
  } else {
    const from = Number(range[1]);
    const to = range[2] === '' ? found.bytes.length : Math.min(Number(range[2]) + 1, found.bytes.length);
    response.writeHead(206, {
      etag: found.etag,
      'content-length': to - from,
      'content-range': `bytes ${from}-${to - 1}/${found.bytes.length}`,
    });
    response.end(found.bytes.subarray(from, to));
  }
}

function list(objects: ReadonlyMap<string, StoredObject>, query: URLSearchParams, response: ServerResponse): void {
  const prefix = query.get('prefix') ?? '';
  const contents = [...objects.keys()]
    .filter((key) => key.startsWith(prefix))
    .sort()
    .map(
      (key) =>
        `<Contents><Key>${key}</Key><Size>${objects.get(key)?.bytes.length ?? 0}</Size><LastModified>2026-11-30T00:00:00.000Z</LastModified></Contents>`,
    );
  const head = '<Name>backups</Name><IsTruncated>false</IsTruncated>';
  sendXml(response, 200, `<ListBucketResult>${head}${contents.join('')}</ListBucketResult>`);
}

export function storedObject(bytes: Buffer, headers: IncomingMessage['headers']): StoredObject {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  const mark = headers['x-amz-meta-pgusher-write'];
  return {
    bytes,
    etag: tagOf(bytes),
    headers: {
      'content-type': 'application/octet-stream',
      'x-amz-checksum-crc32': sum.toString('base64'),
      ...(typeof mark === 'string' ? { 'x-amz-meta-pgusher-write': mark } : {}),
    },
  };
}

export function tagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}
