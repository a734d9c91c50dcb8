import { createHash, randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { StoredStream, Trouble } from '../../place.ts';
import type { Part } from '../parts.ts';
import { partsOf } from '../parts.ts';
import { request, troubleOf } from '../requests.ts';
import { sendParts } from '../send-parts.ts';
import type { Container } from './container.ts';
import { blobOf, notAnswered } from './container.ts';
import { putWhole } from './put-blob.ts';
import { markedWrite, md5Of, ownWrite } from './write-mark.ts';

/** Blocks of one blob: 244 GiB. */
const mostParts = 50_000;

/**
 * A stream of any length: in one request what fits a part, else in blocks, which are a blob only when their list is sent. Blocks of an upload that
 * was not ended are seen by nobody, and Azure removes them after a week: there is no request that does. Of the stream itself an error is
 * thrown: it is the caller's.
 */
export async function uploadStream(
  container: Container,
  key: string,
  bytes: Readable,
  signal: AbortSignal | undefined,
): Promise<StoredStream | Trouble> {
  const parts = partsOf(bytes, container.buffers);
  const first = await parts.next();
  if (first.done === true) {
    throw new Error('a stream without a first part');
  }
  const { buffer, length, last } = first.value;
  if (!last) {
    return inBlocks(container, key, first.value, parts, signal);
  }
  try {
    return await inOneRequest(container, key, buffer.subarray(0, length), signal);
  } finally {
    container.buffers.give(buffer);
  }
}

async function inOneRequest(
  container: Container,
  key: string,
  bytes: Buffer,
  signal: AbortSignal | undefined,
): Promise<StoredStream | Trouble> {
  const reply = await putWhole(container, key, bytes, markedWrite(container, randomUUID()), signal);
  if (reply.outcome !== 'answered') {
    return troubleOf(reply, `PUT ${key} in ${container.name}`);
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return reply.output === undefined
    ? notAnswered(container, `PUT ${key}`)
    : { outcome: 'stored', version: reply.output, size: bytes.length, sha256 };
}

async function inBlocks(
  container: Container,
  key: string,
  first: Part,
  rest: AsyncGenerator<Part>,
  signal: AbortSignal | undefined,
): Promise<StoredStream | Trouble> {
  const asked = `PUT ${key} in ${container.name}`;
  const upload = new Upload(container, key, signal);
  const failed = await sendParts(first, rest, (part, number) => upload.send(part, number), { mostParts, asked });
  return failed ?? upload.complete();
}

class Upload {
  readonly #container: Container;
  readonly #key: string;
  readonly #signal: AbortSignal | undefined;
  readonly #mark = randomUUID();
  readonly #sha256 = createHash('sha256');
  readonly #md5 = createHash('md5');
  #blocks = 0;
  #size = 0;

  constructor(container: Container, key: string, signal: AbortSignal | undefined) {
    this.#container = container;
    this.#key = key;
    this.#signal = signal;
  }

  /** All of one length, as Azure wants them, and of no other upload. */
  #blockId(number: number): string {
    return Buffer.from(`${this.#mark}/${String(number).padStart(6, '0')}`).toString('base64');
  }

  async send({ buffer, length }: Part, number: number): Promise<Trouble | undefined> {
    const bytes = buffer.subarray(0, length);
    this.#blocks = number;
    this.#sha256.update(bytes);
    this.#md5.update(bytes);
    this.#size += length;
    const what = `PUT ${this.#key}?comp=block`;
    try {
      const status = await this.#put(what, { comp: 'block', blockid: this.#blockId(number) }, {}, bytes);
      if (status.outcome !== 'answered') {
        return troubleOf(status, `${what} in ${this.#container.name}`);
      }
      return status.output === 201 ? undefined : notAnswered(this.#container, what);
    } finally {
      this.#container.buffers.give(buffer);
    }
  }

  async complete(): Promise<StoredStream | Trouble> {
    const what = `PUT ${this.#key}?comp=blocklist`;
    // `Latest`, not `Uncommitted`: sent again after an answer that was lost, it makes the same blob.
    const ids = Array.from({ length: this.#blocks }, (_, at) => `<Latest>${this.#blockId(at + 1)}</Latest>`);
    const list = Buffer.from(`<?xml version="1.0" encoding="utf-8"?><BlockList>${ids.join('')}</BlockList>`);
    // Of the whole, which a read can be held against.
    const headers = {
      ...markedWrite(this.#container, this.#mark),
      'x-ms-blob-content-md5': this.#md5.digest('base64'),
    };
    const reply = await this.#put(what, { comp: 'blocklist' }, headers, list);
    if (reply.outcome === 'upload-gone') {
      return {
        outcome: 'unreachable',
        why: 'broken',
        retryAfterMs: null,
        words: `${what} in ${this.#container.name}: the blocks are gone; another upload to this name came between`,
      };
    }
    if (reply.outcome !== 'answered') {
      return troubleOf(reply, `${what} in ${this.#container.name}`);
    }
    const stored = await ownWrite(this.#container, this.#key, this.#mark, this.#signal);
    if (stored.outcome === 'other' || (stored.outcome === 'stored' && stored.size !== this.#size)) {
      const seen = stored.outcome === 'other' ? 'another object' : `${stored.size} bytes`;
      return {
        outcome: 'damaged',
        words: `${what} in ${this.#container.name}: ${this.#size} bytes were stored, and then there was ${seen}`,
      };
    }
    return stored.outcome === 'stored' ? { ...stored, sha256: this.#sha256.digest('hex') } : stored;
  }

  /** Answers the status. */
  #put(
    what: string,
    query: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>>,
    body: Buffer,
  ): ReturnType<typeof request<number>> {
    const blob = blobOf(this.#container, this.#key);
    return request(
      this.#container,
      what,
      async ({ abortSignal }) => {
        const sent = { method: 'PUT', blob, query, headers: { ...headers, 'content-md5': md5Of(body) }, body } as const;
        const answer = await this.#container.client.send(sent, abortSignal);
        answer.body.resume();
        return answer.status;
      },
      { sent: body.length, signal: this.#signal },
    );
  }
}
