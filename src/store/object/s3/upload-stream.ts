import { createHash, randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { CompletedPart } from '@aws-sdk/client-s3';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { StoredStream, Trouble } from '../../place.ts';
import type { Bucket } from './bucket.ts';
import { keyIn, notAnswered } from './bucket.ts';
import { checksumField, checksumText } from './checksum.ts';
import type { Part } from '../parts.ts';
import { partsOf } from '../parts.ts';
import { request, troubleOf } from '../requests.ts';
import { sendParts } from '../send-parts.ts';
import { slicedBody } from '../sliced-body.ts';
import { markedWrite, ownWrite } from './write-mark.ts';

/** Of one object: 48.8 GiB. */
const mostParts = 10_000;

/**
 * A stream of any length: in one request what fits a part, else in parts, which are an object only when the last request says so. Whatever
 * ends it before takes the parts away again. Of the stream itself an error is thrown: it is the caller's.
 */
export async function uploadStream(
  bucket: Bucket,
  key: string,
  bytes: Readable,
  signal: AbortSignal | undefined,
): Promise<StoredStream | Trouble> {
  const parts = partsOf(bytes, bucket.buffers);
  const first = await parts.next();
  if (first.done === true) {
    throw new Error('a stream without a first part');
  }
  const { buffer, length, last } = first.value;
  if (!last) {
    return inParts(bucket, key, first.value, parts, signal);
  }
  try {
    return await inOneRequest(bucket, key, buffer.subarray(0, length), signal);
  } finally {
    bucket.buffers.give(buffer);
  }
}

async function inOneRequest(
  bucket: Bucket,
  key: string,
  bytes: Buffer,
  signal: AbortSignal | undefined,
): Promise<StoredStream | Trouble> {
  const what = `PUT ${key}`;
  const mark = randomUUID();
  const reply = await request(
    bucket,
    what,
    (options) =>
      bucket.client.send(
        new PutObjectCommand({
          ...keyIn(bucket, key),
          ...markedWrite(bucket, mark),
          Body: bytes.length === 0 ? bytes : slicedBody(bytes),
          ContentLength: bytes.length,
          ...checksumField(bucket, bytes),
        }),
        options,
      ),
    { sent: bytes.length, signal },
  );
  if (reply.outcome !== 'answered') {
    return troubleOf(reply, `${what} in ${bucket.name}`);
  }
  const version = reply.output.ETag;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return version === undefined ? notAnswered(bucket, what) : { outcome: 'stored', version, size: bytes.length, sha256 };
}

async function inParts(
  bucket: Bucket,
  key: string,
  first: Part,
  rest: AsyncGenerator<Part>,
  signal: AbortSignal | undefined,
): Promise<StoredStream | Trouble> {
  const mark = randomUUID();
  const uploadId = await begin(bucket, key, mark, signal);
  if (typeof uploadId !== 'string') {
    bucket.buffers.give(first.buffer);
    await rest.return(undefined);
    return uploadId;
  }
  const upload = new Upload(bucket, key, uploadId, signal);
  try {
    const sent = await upload.send(first, rest);
    if (sent !== undefined) {
      await upload.abort();
      return sent;
    }
    const completed = await upload.complete(mark);
    if (completed.outcome !== 'stored') {
      await upload.abort();
    }
    return completed;
  } catch (error) {
    // Of the stream that was to be stored.
    await upload.abort();
    throw error;
  }
}

async function begin(
  bucket: Bucket,
  key: string,
  mark: string,
  signal: AbortSignal | undefined,
): Promise<string | Trouble> {
  const what = `POST ${key}?uploads`;
  const reply = await request(
    bucket,
    what,
    (options) =>
      bucket.client.send(
        new CreateMultipartUploadCommand({
          ...keyIn(bucket, key),
          ...markedWrite(bucket, mark),
          ChecksumAlgorithm: 'CRC32',
          // One of the whole, which a read can be held against.
          ChecksumType: 'FULL_OBJECT',
        }),
        options,
      ),
    { signal },
  );
  if (reply.outcome !== 'answered') {
    return troubleOf(reply, `${what} in ${bucket.name}`);
  }
  return reply.output.UploadId ?? notAnswered(bucket, what);
}

class Upload {
  readonly #bucket: Bucket;
  readonly #key: string;
  readonly #uploadId: string;
  readonly #signal: AbortSignal | undefined;
  readonly #parts: CompletedPart[] = [];
  readonly #sha256 = createHash('sha256');
  #sum = 0;
  #size = 0;

  constructor(bucket: Bucket, key: string, uploadId: string, signal: AbortSignal | undefined) {
    this.#bucket = bucket;
    this.#key = key;
    this.#uploadId = uploadId;
    this.#signal = signal;
  }

  /** @throws what the stream throws. */
  send(first: Part, rest: AsyncGenerator<Part>): Promise<Trouble | undefined> {
    const asked = `PUT ${this.#key} in ${this.#bucket.name}`;
    return sendParts(first, rest, (part, number) => this.#sendPart(part, number), { mostParts, asked });
  }

  async #sendPart({ buffer, length }: Part, PartNumber: number): Promise<Trouble | undefined> {
    const bytes = buffer.subarray(0, length);
    const checksum = checksumField(this.#bucket, bytes);
    // Of a part that was sent with its MD5 nothing more is said.
    const part: CompletedPart = { PartNumber, ...('ChecksumCRC32' in checksum ? checksum : {}) };
    this.#parts.push(part);
    this.#sha256.update(bytes);
    this.#sum = crc32(bytes, this.#sum);
    this.#size += length;
    const what = `PUT ${this.#key}?partNumber=${PartNumber}`;
    try {
      const reply = await request(
        this.#bucket,
        what,
        (options) =>
          this.#bucket.client.send(
            new UploadPartCommand({
              ...keyIn(this.#bucket, this.#key),
              UploadId: this.#uploadId,
              PartNumber,
              Body: slicedBody(bytes),
              ContentLength: length,
              ...checksum,
            }),
            options,
          ),
        { sent: length, signal: this.#signal },
      );
      if (reply.outcome !== 'answered') {
        return troubleOf(reply, `${what} in ${this.#bucket.name}`);
      }
      if (reply.output.ETag === undefined) {
        return notAnswered(this.#bucket, what);
      }
      part.ETag = reply.output.ETag;
      return undefined;
    } finally {
      this.#bucket.buffers.give(buffer);
    }
  }

  async complete(mark: string): Promise<StoredStream | Trouble> {
    const what = `POST ${this.#key}?uploadId`;
    const reply = await request(
      this.#bucket,
      what,
      (options) =>
        this.#bucket.client.send(
          new CompleteMultipartUploadCommand({
            ...keyIn(this.#bucket, this.#key),
            UploadId: this.#uploadId,
            MultipartUpload: { Parts: this.#parts },
            ChecksumType: 'FULL_OBJECT',
            ChecksumCRC32: checksumText(this.#sum),
            MpuObjectSize: this.#size,
          }),
          options,
        ),
      { signal: this.#signal },
    );
    // Gone where an attempt before was carried out, and its answer lost.
    if (reply.outcome !== 'answered' && !(reply.outcome === 'upload-gone' && reply.doubt)) {
      return troubleOf(reply, `${what} in ${this.#bucket.name}`);
    }
    const stored = await ownWrite(this.#bucket, this.#key, mark, this.#signal);
    if (stored.outcome === 'other' || (stored.outcome === 'stored' && stored.size !== this.#size)) {
      const seen = stored.outcome === 'other' ? 'another object' : `${stored.size} bytes`;
      return {
        outcome: 'damaged',
        words: `${what} in ${this.#bucket.name}: ${this.#size} bytes were stored, and then there was ${seen}`,
      };
    }
    return stored.outcome === 'stored' ? { ...stored, sha256: this.#sha256.digest('hex') } : stored;
  }

  /** Also after being asked to stop: parts that nobody sees are paid for. What fails here is left to the bucket's own rule. */
  async abort(): Promise<void> {
    const limits = { ...this.#bucket.limits, budgetMs: Math.min(5_000, this.#bucket.limits.budgetMs) };
    await request({ ...this.#bucket, limits }, `DELETE ${this.#key}?uploadId`, (options) =>
      this.#bucket.client.send(
        new AbortMultipartUploadCommand({ ...keyIn(this.#bucket, this.#key), UploadId: this.#uploadId }),
        options,
      ),
    );
  }
}
