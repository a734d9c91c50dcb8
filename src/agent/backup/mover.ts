import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupContract } from '../contract.ts';
import { namesIn } from '../store/stored-records.ts';
import { compressionOf, decompressed } from '../store/coded-bytes.ts';
import { compressFile } from '../store/compress-file.ts';
import { errorCode, syncDirectory } from '../store/durable-file.ts';
import { fileBlocks } from '../store/file-blocks.ts';
import { storeNames } from '../store/layout.ts';
import { isPlaceholder, walSuffixes } from '../store/wal-inventory.ts';
import { isHistoryName, isSegmentName } from '../store/wal-name.ts';
import { removePlaceholders } from './receiver-start.ts';
import { readSegmentHeader } from './segment-header.ts';

type Compression = BackupContract['compression'];

export interface MoverOptions {
  /** `<mount>/<prefix>` */
  readonly root: string;
  readonly systemId: string;
  readonly segmentSize: number;
  readonly compression: Compression;
  /** Told after each step that changes the store, so that a test can end the process between any two. */
  readonly onStep?: (step: MoverStep) => void;
}

export type MoverStep = 'written' | 'named' | 'removed';

export interface MoverResult {
  readonly moved: number;
  /** Segments that stay where they are, and why: never overwritten, never dropped. */
  readonly refused: readonly Refusal[];
}

const suffix = { zstd: '.zst', gzip: '.gz', none: '' } as const;

/** Compression and fsync run in libuv's pool: two cover each other's waiting and need a few MB of memory. */
const atOnce = 2;
/** Segments that share one fsync of the folder, which waits for the file system's journal each time. */
const batchSize = 16;

/**
 * Moves finished segments and history files from incoming/ to wal/. Each step may be the last one of this process:
 *
 *   compress to `.tmp-…`, fsync   → a rest without meaning, removed by the next run
 *   link to its name, fsync dir   → there twice: the next run finds it identical and removes the source
 *   remove from incoming          → done
 *
 * link(2) and not rename(2): it never replaces what is there.
 * @throws where the store cannot be read or written (full, read-only, gone); nothing is lost then.
 */
export async function moveFinishedWal(options: MoverOptions): Promise<MoverResult> {
  const incoming = join(options.root, options.systemId, storeNames.incoming);
  const wal = join(options.root, options.systemId, storeNames.wal);
  await mkdir(wal, { recursive: true, mode: 0o700 });
  const refused: Refusal[] = [];
  let moved = 0;
  const count = (result: MoverResult): void => {
    moved += result.moved;
    refused.push(...result.refused);
  };
  for (const timeline of (await namesIn(incoming)).sort()) {
    const directory = join(incoming, timeline);
    const names = (await readdir(directory)).sort();
    count(await moveBatch(directory, wal, names.filter(isHistoryName), { ...options, compression: 'none' }));
    const segments: string[] = [];
    for (const name of names.filter(isSegmentName)) {
      const path = join(directory, name);
      const trouble = (await isPlaceholder(path))
        ? null
        : await readSegmentHeader(path, name, options.segmentSize, options.systemId);
      if (trouble === undefined) {
        segments.push(name);
      } else if (trouble !== null) {
        refused.push({ file: path, reason: trouble });
      }
    }
    for (const own of new Set(segments.map((name) => name.slice(0, 8)))) {
      const folder = join(wal, own);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const ofTimeline = segments.filter((name) => name.startsWith(own));
      for (let first = 0; first < ofTimeline.length; first += batchSize) {
        count(await moveBatch(directory, folder, ofTimeline.slice(first, first + batchSize), options));
      }
    }
    await removePlaceholders(directory);
  }
  return { moved, refused };
}

/** Rests of a run that was killed. Only while nothing else moves. */
export async function removeTemporaryWal(root: string, systemId: string): Promise<void> {
  const wal = join(root, systemId, storeNames.wal);
  for (const folder of [
    wal,
    ...(await namesIn(wal)).filter((name) => /^[0-9A-F]{8}$/.test(name)).map((name) => join(wal, name)),
  ]) {
    for (const name of (await namesIn(folder)).filter((candidate) =>
      candidate.startsWith(storeNames.temporaryPrefix),
    )) {
      await rm(join(folder, name), { force: true });
    }
  }
}

interface Refusal {
  readonly file: string;
  readonly reason: string;
}

async function moveBatch(
  directory: string,
  folder: string,
  names: readonly string[],
  options: MoverOptions,
): Promise<MoverResult> {
  if (names.length === 0) {
    return { moved: 0, refused: [] };
  }
  const refused: Refusal[] = [];
  const done: string[] = [];
  const waiting = [...names];
  const worker = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const reason = await store(join(directory, name), folder, name, options);
      if (reason === undefined) {
        done.push(name);
      } else {
        refused.push({ file: join(directory, name), reason });
      }
    }
  };
  const results = await Promise.allSettled(Array.from({ length: atOnce }, worker));
  await syncDirectory(folder);
  options.onStep?.('named');
  for (const name of done) {
    await rm(join(directory, name), { force: true });
    options.onStep?.('removed');
  }
  for (const result of results) {
    if (result.status === 'rejected') {
      throw result.reason;
    }
  }
  return { moved: done.length, refused };
}

/** Puts one file into `folder`, or finds it there. @returns why it was refused. */
async function store(source: string, folder: string, name: string, options: MoverOptions): Promise<string | undefined> {
  const stored = await findStored(folder, name);
  if (stored !== undefined) {
    const [own, other] = await Promise.all([digest(source), digest(stored)]);
    return own === other
      ? undefined
      : `${stored} is there with other content; wanted the same. Two servers wrote one timeline: nothing is overwritten`;
  }
  // Its own: in a store that pods share, another agent may be at the same file for the seconds that a promotion takes.
  const temporary = join(folder, `${storeNames.temporaryPrefix}${name}-${randomUUID()}`);
  try {
    await compressFile(source, temporary, options.compression, options.segmentSize);
    options.onStep?.('written');
    await link(temporary, join(folder, `${name}${suffix[options.compression]}`));
  } finally {
    await rm(temporary, { force: true });
  }
  return undefined;
}

async function findStored(folder: string, name: string): Promise<string | undefined> {
  for (const ending of walSuffixes) {
    const path = join(folder, `${name}${ending}`);
    const file = await open(path, 'r').catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') {
        return undefined;
      }
      throw error;
    });
    if (file !== undefined) {
      await file.close();
      return path;
    }
  }
  return undefined;
}

/** SHA-256 of the content, whatever it is compressed with. */
async function digest(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, 'r');
  try {
    for await (const piece of decompressed(fileBlocks(file), compressionOf(path))) {
      hash.update(piece);
    }
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}
