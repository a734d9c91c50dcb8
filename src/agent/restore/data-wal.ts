import type { FileHandle } from 'node:fs/promises';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ControlFile } from '../decision/control-file.ts';
import { errorCode } from '../store/durable-file.ts';
import { historyName, segmentName } from '../store/wal-name.ts';
import type { Lineage } from './lineage.ts';
import { lineageOf } from './lineage.ts';
import { later } from './wal-tail.ts';
import type { WalTail } from './wal-tail.ts';
import { WalRecords } from './wal-records.ts';
import { spansAt } from './wal-route.ts';

/** PGDATA's own WAL, as its server would read it. */
export interface DataWal {
  /** pg_wal */
  readonly directory: string;
  readonly segmentSize: number;
  readonly lineage: Lineage;
}

const blockSize = 2 ** 20;

export async function openDataWal(
  dataDirectory: string,
  control: Pick<ControlFile, 'timeline' | 'segmentSize'>,
): Promise<DataWal> {
  const directory = join(dataDirectory, 'pg_wal');
  return { directory, segmentSize: control.segmentSize, lineage: await ownLineage(directory, control.timeline) };
}

/**
 * Where the server's own recovery of PGDATA will end. After a clean shutdown that is the end of its checkpoint: what stands behind it
 * is never read again. Else everything from the checkpoint's redo on that is whole.
 */
export async function readDataEnd(wal: DataWal, control: ControlFile): Promise<WalTail> {
  const records = new WalRecords(control.shutDown ? control.checkpoint : null);
  const size = BigInt(wal.segmentSize);
  let lastTime: bigint | null = null;
  const ended = (): boolean => records.ended;
  for (let number = (control.shutDown ? control.checkpoint : control.redo) / size; !ended(); number += 1n) {
    const file = await openDataSegment(wal, number);
    if (file === undefined) {
      break;
    }
    records.beginSegment(number * size, wal.segmentSize);
    for await (const { pages, at } of segmentPages(file, number * size, wal.segmentSize)) {
      for (const mark of records.feed(pages, at)) {
        lastTime = mark.kind === 'transaction' ? later(lastTime, mark.time) : lastTime;
      }
      if (ended()) {
        break;
      }
    }
  }
  return { end: records.end, lastStart: records.lastStart, lastTime };
}

/** The segment of the newest timeline that has it, as the server chooses (XLogFileReadAnyTLI in xlogrecovery.c). */
export async function openDataSegment(wal: DataWal, number: bigint): Promise<FileHandle | undefined> {
  for (const { timeline } of spansAt(wal.lineage, number, wal.segmentSize)) {
    try {
      return await open(join(wal.directory, segmentName({ timeline, number }, wal.segmentSize)), 'r');
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') {
        throw error;
      }
    }
  }
  return undefined;
}

/** Closes the file at its end. A piece is valid until the next one is asked for. */
export async function* segmentPages(
  file: FileHandle,
  start: bigint,
  segmentSize: number,
): AsyncGenerator<{ readonly pages: Buffer; readonly at: bigint }> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(blockSize, segmentSize));
  try {
    for (let offset = 0; offset < segmentSize; offset += buffer.length) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      if (bytesRead < buffer.length) {
        return;
      }
      yield { pages: buffer, at: start + BigInt(offset) };
    }
  } finally {
    await file.close();
  }
}

/** A history that cannot be read leaves the one timeline that pg_control names. */
async function ownLineage(directory: string, timeline: number): Promise<Lineage> {
  const alone: Lineage = [{ timeline, begin: 0n, end: null }];
  if (timeline === 1) {
    return alone;
  }
  try {
    return lineageOf(timeline, await readFile(join(directory, historyName(timeline)), 'utf8'));
  } catch {
    return alone;
  }
}
