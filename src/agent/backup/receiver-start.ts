import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '../store/durable-file.ts';
import { isPlaceholder } from '../store/wal-inventory.ts';
import { isSegmentName, parseSegment, segmentName } from '../store/wal-name.ts';

/**
 * pg_receivewal goes on after the newest file of its directory, and from an empty one it starts where the slot is (15
 * and newer) or wherever the server is just now (13, 14): a silent gap (manual, pg_receivewal, "Notes"). The mover
 * empties the directory, so the place to start is always said: a sparse file in the place of the segment before it.
 */
export async function prepareIncoming(options: {
  /** incoming/<timeline>/ */
  readonly directory: string;
  readonly timeline: number;
  readonly segmentSize: number;
  /** Number of the first segment that is wanted; what is there already and newer wins. */
  readonly wanted: bigint;
}): Promise<void> {
  const { directory, timeline, segmentSize, wanted } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await removeUnpadded(directory, segmentSize);
  const newest = await newestIncoming(directory, segmentSize);
  if ((newest !== undefined && newest >= wanted - 1n) || wanted === 0n) {
    return;
  }
  const file = await open(join(directory, segmentName({ timeline, number: wanted - 1n }, segmentSize)), 'wx', 0o600);
  try {
    await file.truncate(segmentSize);
  } finally {
    await file.close();
  }
  await syncDirectory(directory);
}

/** Number of the newest segment, partial or complete. */
export async function newestIncoming(directory: string, segmentSize: number): Promise<bigint | undefined> {
  const numbers = (await readdir(directory))
    .map((name) => name.replace(/\.partial$/, ''))
    .filter(isSegmentName)
    .map((name) => parseSegment(name, segmentSize).number);
  return numbers.reduce<bigint | undefined>(
    (best, number) => (best === undefined || number > best ? number : best),
    undefined,
  );
}

/** Placeholders below the newest file have done their work. */
export async function removePlaceholders(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => isSegmentName(name.replace(/\.partial$/, ''))).sort();
  for (const name of names.slice(0, -1)) {
    if (isSegmentName(name) && (await isPlaceholder(join(directory, name)))) {
      await rm(join(directory, name));
    }
  }
}

/**
 * A full disk stops pg_receivewal while it pads a new file with zeros, and it refuses the short file ever after. It pads
 * before it writes, so a short one without a page header holds nothing; with one it is put aside, not deleted. The
 * server still has all of it: the slot only moves on by what was flushed.
 */
async function removeUnpadded(directory: string, segmentSize: number): Promise<void> {
  for (const name of (await readdir(directory)).filter((candidate) => candidate.endsWith('.partial'))) {
    const path = join(directory, name);
    const { size } = await stat(path);
    if (size === 0 || size === segmentSize) {
      continue;
    }
    const head = Buffer.alloc(2);
    const file = await open(path, 'r');
    try {
      await file.read(head, 0, 2, 0);
    } finally {
      await file.close();
    }
    await (head.readUInt16LE(0) === 0 ? rm(path) : rename(path, `${path}.short`));
  }
}
