import type { FileHandle } from 'node:fs/promises';
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { compressionOf, decompressed } from '../store/coded-bytes.ts';
import { errorCode } from '../store/durable-file.ts';
import { blockSize, fileBlocks } from '../store/file-blocks.ts';
import { storeNames } from '../store/layout.ts';
import { isPlaceholder } from '../store/wal-inventory.ts';
import { parseSegment, timelineName } from '../store/wal-name.ts';
import { writeWhole } from '../store/write-whole.ts';
import type { WalStep } from './wal-route.ts';

/** Where a store's WAL of one system lies. */
export interface WalPlace {
  /** `<mount>/<prefix>` */
  readonly root: string;
  readonly systemId: string;
  readonly segmentSize: number;
}

/** A segment is there and cannot be used: never the same as missing. */
export class SegmentError extends Error {
  override readonly name = 'SegmentError';
}

/**
 * Writes a segment as recovery wants it, decompressed and exactly of the segment's size, to `target`.
 * @returns false where no file of that name is in the store.
 * @throws SegmentError on a wrong size or damage; what was written is removed then.
 */
export async function writeSegment(place: WalPlace, step: WalStep, target: string): Promise<boolean> {
  const source = await openSegment(place, step);
  if (source === undefined) {
    return false;
  }
  let written: FileHandle | undefined;
  try {
    written = await open(target, 'w', 0o600);
    for await (const chunk of contents(source, step, place.segmentSize)) {
      await writeWhole(written, chunk);
    }
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  } finally {
    await written?.close();
  }
  return true;
}

/**
 * The same in pieces of whole pages, each valid until the next one is asked for: segments may be as large as 1 GB.
 * @throws SegmentError where the file is gone, too.
 */
export async function* readSegment(place: WalPlace, step: WalStep): AsyncGenerator<Buffer> {
  const source = await openSegment(place, step);
  if (source === undefined) {
    throw new SegmentError(`WAL segment ${step.name} is gone from the store`);
  }
  const pages = Buffer.allocUnsafeSlow(Math.min(blockSize, place.segmentSize));
  let filled = 0;
  for await (const chunk of contents(source, step, place.segmentSize)) {
    for (let at = 0; at < chunk.length;) {
      const copied = chunk.copy(pages, filled, at);
      at += copied;
      filled += copied;
      if (filled === pages.length) {
        yield pages;
        filled = 0;
      }
    }
  }
}

interface Source {
  readonly path: string;
  readonly file: FileHandle;
}

async function openSegment(place: WalPlace, step: WalStep): Promise<Source | undefined> {
  const timeline = timelineName(step.timeline);
  const finished = join(place.root, place.systemId, storeNames.wal, timeline, step.name);
  const incoming = join(place.root, place.systemId, storeNames.incoming, timeline, step.name);
  const paths =
    step.form === 'partial'
      ? [`${incoming}.partial`]
      : // The mover may take it from incoming/ to wal/ between two looks: wal/ again at the end.
        [`${finished}.zst`, `${finished}.gz`, finished, incoming, `${finished}.zst`, `${finished}.gz`, finished];
  for (const path of paths) {
    try {
      if (path !== incoming || !(await isPlaceholder(path))) {
        return { path, file: await open(path, 'r') };
      }
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') {
        throw error;
      }
    }
  }
  return undefined;
}

/** Changes whenever something is written to the unfinished segment; empty where it is gone. */
export async function partialStamp(place: WalPlace, step: WalStep): Promise<string> {
  const path = join(
    place.root,
    place.systemId,
    storeNames.incoming,
    timelineName(step.timeline),
    `${step.name}.partial`,
  );
  try {
    const { ino, mtimeNs, size } = await stat(path, { bigint: true });
    return `${ino} ${mtimeNs} ${size} ${step.cutAt ?? ''}`;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return '';
    }
    throw error;
  }
}

/** Yields exactly `segmentSize` bytes or throws. */
async function* contents(source: Source, step: WalStep, segmentSize: number): AsyncGenerator<Buffer> {
  const keep = step.cutAt === null ? segmentSize : Number(step.cutAt - startOf(step, segmentSize));
  let bytes = 0;
  try {
    for await (const chunk of decompressed(fileBlocks(source.file), compressionOf(source.path))) {
      const end = bytes + chunk.length;
      if (end > segmentSize) {
        throw new SegmentError(`${source.path} holds more than a WAL segment's ${segmentSize} bytes`);
      }
      if (end > keep) {
        chunk.fill(0, Math.max(0, keep - bytes));
      }
      yield chunk;
      bytes = end;
    }
  } catch (error) {
    throw error instanceof SegmentError
      ? error
      : new SegmentError(`${source.path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
  } finally {
    await source.file.close().catch(() => undefined);
  }
  if (bytes !== segmentSize) {
    throw new SegmentError(`${source.path} holds ${bytes} bytes; wanted a WAL segment's ${segmentSize}`);
  }
}

function startOf(step: WalStep, segmentSize: number): bigint {
  return parseSegment(step.name, segmentSize).number * BigInt(segmentSize);
}
