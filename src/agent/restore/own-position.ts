import { open, readdir, readFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { ControlFile } from '../decision/control-file.ts';
import type { WalPosition } from '../decision/timeline-relation.ts';
import { errorCode } from '../store/durable-file.ts';
import { historyName, isSegmentName, segmentName } from '../store/wal-name.ts';
import type { Lineage } from './lineage.ts';
import { lineageOf } from './lineage.ts';
import { WalRecords } from './wal-records.ts';

/** In pg_control, as control-file.ts: checkPointCopy.redo, where recovery begins. */
const redoOffset = 40;

/**
 * How far the data directory of a server that is not running will have come once it has replayed its own WAL: what a standby
 * compares with the place where the primary's timeline left its own. The control file alone says where the last checkpoint was.
 *
 * Its timeline is that of its WAL, not of the newest history file: a standby fetches the histories of a primary that it then cannot follow.
 */
export async function ownPosition(dataDirectory: string, control: ControlFile): Promise<WalPosition> {
  const folder = join(dataDirectory, 'pg_wal');
  const names: readonly string[] = await readdir(folder).catch(() => []);
  const timeline = Math.max(
    control.timeline,
    ...names
      .filter((name) => isSegmentName(name) && names.includes(historyName(Number.parseInt(name.slice(0, 8), 16))))
      .map((name) => Number.parseInt(name.slice(0, 8), 16)),
  );
  const lineage = await ownLineage(folder, timeline, names);
  const redo = (await readFile(join(dataDirectory, 'global', 'pg_control'))).readBigUInt64LE(redoOffset);
  return { lineage, end: await endOf(folder, new Set(names), lineage, redo, control.segmentSize) };
}

async function ownLineage(folder: string, timeline: number, names: readonly string[]): Promise<Lineage> {
  const name = historyName(timeline);
  if (timeline === 1) {
    return lineageOf(1, null);
  }
  return names.includes(name)
    ? lineageOf(timeline, await readFile(join(folder, name), 'utf8'))
    : [{ timeline, begin: 0n, end: null }];
}

/** First byte behind the last whole record; null where no WAL can be read. */
async function endOf(
  folder: string,
  names: ReadonlySet<string>,
  lineage: Lineage,
  redo: bigint,
  size: number,
): Promise<bigint | null> {
  const records = new WalRecords();
  for (let number = redo / BigInt(size); !records.ended; number += 1n) {
    const name = [...lineage]
      .reverse()
      .filter((span) => span.begin / BigInt(size) <= number)
      .map((span) => segmentName({ timeline: span.timeline, number }, size))
      .find((candidate) => names.has(candidate));
    if (name === undefined) {
      break;
    }
    await readInto(records, join(folder, name), number * BigInt(size), size);
  }
  return records.end;
}

async function readInto(records: WalRecords, path: string, start: bigint, size: number): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return;
    }
    throw error;
  }
  try {
    const pages = Buffer.allocUnsafeSlow(Math.min(1 << 20, size));
    records.beginSegment(start, size);
    for (let at = 0; at < size && !records.ended; at += pages.length) {
      const { bytesRead } = await file.read(pages, 0, pages.length, at);
      records.feed(pages.subarray(0, bytesRead), start + BigInt(at));
      if (bytesRead < pages.length) {
        return;
      }
    }
  } finally {
    await file.close();
  }
}
