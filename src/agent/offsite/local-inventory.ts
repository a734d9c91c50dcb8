import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseBackupRecord } from '../store/base-backups.ts';
import { namesIn } from '../store/stored-records.ts';
import { errorCode } from '../store/durable-file.ts';
import { storeNames } from '../store/layout.ts';
import { isHistoryName, isSegmentName, segmentStart, timelineName } from '../store/wal-name.ts';
import { segmentOf } from './bucket-inventory.ts';
import type { LocalBackup, LocalInventory } from './plan-push.ts';

/** Looks at the folder of a set in the claim; what did not change since the last look is not read again. */
export interface LocalReader {
  /**
   * @param flushed up to where the receiver has everything on disk; null where none is known to run.
   * @param isOver no receiver runs, and none will.
   */
  look(flushed: Flushed | null, isOver: boolean): Promise<LocalWal>;
  /** With the base backups and records beside it. */
  read(look: LocalWal): Promise<LocalInventory>;
}

/** `wal` is the same value for as long as nothing of it changed. */
export type LocalWal = Pick<LocalInventory, 'wal' | 'moving' | 'partials'> & {
  /** False: something is being written to an unfinished segment, and nobody knows up to where it is on disk. */
  readonly isWhole: boolean;
};

export interface Flushed {
  readonly timeline: number;
  readonly lsn: bigint;
}

type Partials = Pick<LocalWal, 'partials' | 'isWhole'>;

const none: Partials = { partials: [], isWhole: true };

/** A file that was not written to for this long is not being written to. */
const restedMs = 10_000;

/** The mover takes a second or so. One that it refuses for good (mover.ts, Refusal) is a loss of the claim's own, and holds nothing back. */
const movingMs = 600_000;

/** @param root `<mount>/<prefix>` */
export function createLocalReader(
  root: string,
  system: { readonly systemId: string; readonly segmentSize: number },
): LocalReader {
  const folders = new Map<string, { readonly changed: number; readonly names: readonly string[] }>();
  const ends = new Map<string, { readonly changed: number; readonly end: number }>();
  const { systemId, segmentSize } = system;

  /** Names in a folder: read again when its time of change is another, or so young that it may change within it. */
  async function namesOf(path: string): Promise<readonly string[]> {
    const changed = await changedAt(path);
    if (changed === undefined) {
      return [];
    }
    const known = folders.get(path);
    if (known?.changed === changed) {
      return known.names;
    }
    const names = await namesIn(path);
    if (Date.now() - changed > 2_000) {
      folders.set(path, { changed, names });
    } else {
      // What is known of an earlier look is no longer so, and must not be taken for it.
      folders.delete(path);
    }
    return names;
  }

  async function partialOf(timeline: string, flushed: Flushed | null, isOver: boolean): Promise<Partials> {
    const folder = join(systemId, storeNames.incoming, timeline);
    const newest = (await namesOf(join(root, folder)))
      .filter((name) => name.endsWith('.partial') && isSegmentName(name.slice(0, -'.partial'.length)))
      .sort()
      .at(-1);
    if (newest === undefined) {
      return none;
    }
    const segment = newest.slice(0, -'.partial'.length);
    const path = join(root, folder, newest);
    const found = await stat(path).catch(() => undefined);
    // pg_receivewal pads before it writes the first byte.
    if (found?.size !== segmentSize) {
      return none;
    }
    const live = flushed !== null && timelineName(flushed.timeline) === timeline ? flushed : null;
    const reached = live === null ? 0 : flushedIn(segment, live.lsn, segmentSize);
    if (!isOver && Date.now() - found.mtimeMs < restedMs) {
      return { partials: [{ segment, end: reached }], isWhole: live !== null };
    }
    const known = ends.get(timeline);
    const end = known?.changed === found.mtimeMs ? known.end : await lastByte(path);
    ends.set(timeline, { changed: found.mtimeMs, end });
    return { partials: [{ segment, end: Math.max(end, reached) }], isWhole: true };
  }

  /** Finished segments in incoming/, the newest ones: older ones are no work in progress. */
  async function finishedIn(timeline: string): Promise<readonly string[]> {
    const folder = join(root, systemId, storeNames.incoming, timeline);
    const found: string[] = [];
    for (const name of (await namesOf(folder)).filter(isSegmentName)) {
      const file = await stat(join(folder, name)).catch(() => undefined);
      // Without blocks it tells the receiver where to begin (wal-inventory.ts, isPlaceholder).
      if (file !== undefined && file.blocks > 0 && Date.now() - file.mtimeMs < movingMs) {
        found.push(name);
      }
    }
    return found;
  }

  let last: { readonly version: string; readonly wal: ReadonlySet<string> } | null = null;

  async function readWal(): Promise<ReadonlySet<string>> {
    const folder = join(systemId, storeNames.wal);
    const names = await namesOf(join(root, folder));
    const found: (readonly [folder: string, names: readonly string[]])[] = [[folder, names.filter(isHistoryName)]];
    for (const name of names.filter((candidate) => /^[0-9A-F]{8}$/.test(candidate))) {
      found.push([join(folder, name), await namesOf(join(root, folder, name))]);
    }
    const version = JSON.stringify(found.map(([path]) => [path, folders.get(join(root, path))?.changed ?? null]));
    // There may be many thousands of names, and they are looked at four times a second.
    if (last?.version !== version || version.includes('null')) {
      const wal = new Set(
        found.flatMap(([path, files]) =>
          files
            .map((file) => `${path}/${file}`)
            .filter((key) => isHistoryName(key.slice(path.length + 1)) || segmentOf(key) !== undefined),
        ),
      );
      last = { version, wal: last !== null && isSameSet(last.wal, wal) ? last.wal : wal };
    }
    return last.wal;
  }

  return {
    look: async (flushed, isOver) => {
      const partials: LocalInventory['partials'][number][] = [];
      const finished: string[] = [];
      let isWhole = true;
      for (const timeline of await namesIn(join(root, systemId, storeNames.incoming))) {
        const begun = await partialOf(timeline, flushed, isOver);
        partials.push(...begun.partials);
        isWhole &&= begun.isWhole;
        finished.push(...(await finishedIn(timeline)));
      }
      // After incoming/: what is moved between the two looks is seen here.
      const wal = await readWal();
      const there = new Set([...wal].map(segmentOf));
      return { wal, moving: finished.filter((segment) => !there.has(segment)), partials, isWhole };
    },
    read: async (look) => ({
      ...look,
      systemId,
      segmentSize,
      backups: await readBackups(root, systemId),
      records: await readRecords(root, systemId),
    }),
  };
}

function isSameSet(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  return left.size === right.size && [...left].every((name) => right.has(name));
}

/** Offset in the segment, 0 where the position is before it. */
function flushedIn(segment: string, lsn: bigint, segmentSize: number): number {
  const reached = Number(lsn - segmentStart(segment, segmentSize));
  return Math.min(Math.max(reached, 0), segmentSize);
}

async function changedAt(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

const zeros = Buffer.alloc(2 ** 18);

/**
 * Behind the last byte that is not zero. Nothing is lost by zeros that are left out: what is restored is padded with them, as the file
 * itself is. Only of a file that nobody writes to.
 */
async function lastByte(path: string): Promise<number> {
  const file = await open(path, 'r');
  try {
    const block = Buffer.allocUnsafe(zeros.length);
    for (let end = (await file.stat()).size; end > 0;) {
      const from = Math.max(0, end - block.length);
      const { bytesRead } = await file.read(block, 0, end - from, from);
      if (bytesRead !== end - from) {
        return 0;
      }
      if (!block.subarray(0, bytesRead).equals(zeros.subarray(0, bytesRead))) {
        let last = bytesRead;
        while (block[last - 1] === 0) {
          last -= 1;
        }
        return from + last;
      }
      end = from;
    }
    return 0;
  } finally {
    await file.close();
  }
}

async function readBackups(root: string, systemId: string): Promise<LocalBackup[]> {
  const found: LocalBackup[] = [];
  const folder = join(root, systemId, storeNames.base);
  for (const id of (await namesIn(folder)).filter((name) => !name.startsWith('.')).sort()) {
    const text = await textOf(join(folder, id, storeNames.done));
    const record = text === undefined ? undefined : parseBackupRecord(text);
    // One that cannot be read is said by whoever makes backups.
    if (text !== undefined && record !== undefined && typeof record !== 'string' && record.id === id) {
      found.push({ record, text });
    }
  }
  return found;
}

/** Not STORE.json: who owns the copy is settled before anything is sent (bucket-identity.ts). */
async function readRecords(root: string, systemId: string): Promise<ReadonlyMap<string, string>> {
  const consumed = (await namesIn(join(root, storeNames.restores)))
    .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
    .map((name) => join(storeNames.restores, name));
  const records = new Map<string, string>();
  for (const key of [join(systemId, storeNames.gaps), join(systemId, storeNames.received), ...consumed]) {
    const text = await textOf(join(root, key));
    if (text !== undefined) {
      records.set(key, text);
    }
  }
  return records;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') {
      return undefined;
    }
    throw error;
  }
}
