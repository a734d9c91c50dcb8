import { createHash } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { headTrouble, headerSize } from '../backup/segment-header.ts';
import { compressionOf, decompressed } from '../store/coded-bytes.ts';
import { errorCode, fillDurably, syncDirectory, writeDurably } from '../store/durable-file.ts';
import { fileBlocks } from '../store/file-blocks.ts';
import { storeNames } from '../store/layout.ts';
import { timelineName } from '../store/wal-name.ts';
import { writeWhole } from '../store/write-whole.ts';
import { pieceKey } from './piece.ts';
import { PlaceTrouble } from './place-trouble.ts';
import type { FetchStep } from './plan-fetch.ts';
import type { SetPlace } from './set-place.ts';
import { broken } from './small-object.ts';

export interface FetchTarget {
  /** `<mount>/<prefix>` */
  readonly root: string;
  readonly systemId: string;
  readonly segmentSize: number;
  readonly onBytes: (bytes: number) => void;
}

/** What came is not what was stored: not to be used under any name. */
export class DamagedObject extends Error {
  override readonly name = 'DamagedObject';
}

/** Bytes in the claim and in the copy differ where both must be the same. */
export class TwoHistories extends Error {
  override readonly name = 'TwoHistories';
}

/**
 * Brings one file into the claim: under a temporary name, checked, on disk, and then under its own. What was cut off is begun anew.
 * @throws PlaceTrouble, DamagedObject, TwoHistories, and system errors of the claim.
 */
export async function fetchStep(
  place: SetPlace,
  target: FetchTarget,
  step: FetchStep,
  signal?: AbortSignal,
): Promise<void> {
  switch (step.kind) {
    case 'text':
      await makeFolder(dirname(join(target.root, step.key)), target.root);
      await writeDurably(join(target.root, step.key), step.text);
      return;
    case 'partial':
      await fetchPartial(place, target, step, signal);
      return;
    case 'archive':
    case 'file':
    case 'segment':
      await fetchFile(place, target, step, signal);
  }
}

async function fetchFile(
  place: SetPlace,
  target: FetchTarget,
  step: Extract<FetchStep, { kind: 'archive' | 'file' | 'segment' }>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const path = join(target.root, step.key);
  const temporary = await temporaryFor(path, target.root);
  await fillDurably(path, { temporary, flags: 'w', mode: 0o600 }, async (file) => {
    const hash = createHash('sha256');
    const bytes = await copyObject(place, step.key, signal, async (piece) => {
      hash.update(piece);
      await writeWhole(file, piece);
      target.onBytes(piece.length);
    });
    if (bytes !== step.size) {
      throw new DamagedObject(`${step.key} has ${bytes} bytes; wanted ${step.size}`);
    }
    if (step.kind === 'archive' && hash.digest('hex') !== step.sha256) {
      throw new DamagedObject(`${step.key} has another sha256 than its ${storeNames.done} says`);
    }
    if (step.kind === 'segment') {
      await checkSegment(temporary, step, target);
    }
    return true;
  });
}

/** @returns bytes. @throws PlaceTrouble */
async function copyObject(
  place: SetPlace,
  key: string,
  signal: AbortSignal | undefined,
  write: (piece: Buffer) => Promise<void>,
): Promise<number> {
  const answer = await place.read(key, undefined, signal);
  if (answer.outcome === 'absent') {
    throw new DamagedObject(`${key} was listed and is not there`);
  }
  if (answer.outcome !== 'found') {
    throw new PlaceTrouble(answer);
  }
  const pieces = (answer.bytes as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  let bytes = 0;
  try {
    for (;;) {
      const next = await pieces.next().catch((error: unknown) => {
        const trouble = broken(key, error);
        throw trouble.trouble.outcome === 'damaged' ? new DamagedObject(trouble.message, { cause: error }) : trouble;
      });
      if (next.done === true) {
        break;
      }
      bytes += next.value.length;
      await write(next.value);
    }
  } finally {
    answer.bytes.destroy();
  }
  return bytes;
}

/** The whole of it is read: zstd has a checksum in each frame, gzip one at its end. */
async function checkSegment(
  path: string,
  { segment, key }: Extract<FetchStep, { kind: 'segment' }>,
  { segmentSize, systemId }: FetchTarget,
): Promise<void> {
  const head = Buffer.alloc(headerSize);
  let bytes = 0;
  const file = await open(path, 'r');
  try {
    for await (const piece of decompressed(fileBlocks(file), compressionOf(key))) {
      if (bytes < headerSize) {
        piece.copy(head, bytes, 0, headerSize - bytes);
      }
      bytes += piece.length;
    }
  } catch (error) {
    throw new DamagedObject(
      `${key} cannot be decompressed: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  } finally {
    await file.close();
  }
  const trouble =
    bytes === segmentSize
      ? headTrouble(head, key, segment, segmentSize, systemId)
      : `${key} holds ${bytes} bytes; wanted a WAL segment's ${segmentSize}`;
  if (trouble !== undefined) {
    throw new DamagedObject(trouble);
  }
}

async function fetchPartial(
  place: SetPlace,
  target: FetchTarget,
  step: Extract<FetchStep, { kind: 'partial' }>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const timeline = timelineName(Number.parseInt(step.segment.slice(0, 8), 16));
  const path = join(target.root, target.systemId, storeNames.incoming, timeline, `${step.segment}.partial`);
  const temporary = await temporaryFor(path, target.root);
  await fillDurably(path, { temporary, flags: 'w+', mode: 0o600 }, async (file) => {
    // Behind the last piece there are zeros, as where the receiver padded.
    await file.truncate(target.segmentSize);
    for (const piece of step.pieces) {
      await fetchPiece(place, target, file, pieceKey(target.systemId, piece), piece, signal);
    }
    const head = Buffer.alloc(headerSize);
    await file.read(head, 0, headerSize, 0);
    const trouble = headTrouble(head, `${step.segment} in pieces`, step.segment, target.segmentSize, target.systemId);
    if (trouble !== undefined) {
      throw new DamagedObject(trouble);
    }
    return !(await reachesFurther(path, file, step));
  });
}

async function fetchPiece(
  place: SetPlace,
  target: FetchTarget,
  file: FileHandle,
  key: string,
  { from, to }: { readonly from: number; readonly to: number },
  signal: AbortSignal | undefined,
): Promise<void> {
  let at = from;
  await copyObject(place, key, signal, async (bytes) => {
    if (at + bytes.length > to) {
      throw new DamagedObject(`${key} has more bytes than its name says`);
    }
    let written = 0;
    while (written < bytes.length) {
      written += (await file.write(bytes, written, bytes.length - written, at + written)).bytesWritten;
    }
    at += bytes.length;
    target.onBytes(bytes.length);
  });
  if (at !== to) {
    throw new DamagedObject(`${key} ends at byte ${at}`);
  }
}

/** What the claim has of this segment: the same bytes, and perhaps more of them. @throws TwoHistories */
async function reachesFurther(
  path: string,
  fetched: FileHandle,
  { segment, end }: Extract<FetchStep, { kind: 'partial' }>,
): Promise<boolean> {
  const own = await readFile(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  });
  if (own === undefined) {
    return false;
  }
  const common = Buffer.alloc(end);
  await fetched.read(common, 0, end, 0);
  let last = own.length;
  while (last > 0 && own[last - 1] === 0) {
    last -= 1;
  }
  const shared = Math.min(last, end);
  if (!own.subarray(0, shared).equals(common.subarray(0, shared))) {
    throw new TwoHistories(`the claim and the off-site copy hold other bytes of WAL segment ${segment}`);
  }
  return last >= end;
}

async function temporaryFor(path: string, root: string): Promise<string> {
  await makeFolder(dirname(path), root);
  return join(dirname(path), `${storeNames.temporaryPrefix}offsite-${basename(path)}`);
}

/** With an fsync of each folder that it is in: a folder that is lost with the power takes with it what was synced inside. */
async function makeFolder(path: string, root: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first !== undefined) {
    for (let folder = path; folder.length >= root.length; folder = dirname(folder)) {
      await syncDirectory(folder);
    }
  }
}
