import { crc32c } from './crc32c.ts';

/**
 * Finds what a recovery target can name in WAL: commits and aborts with their time and transaction, and restore points.
 * Read here and not by pg_waldump, which reads its own major version only; the parts used are the same from 13 to 18
 * (XLogPageHeaderData, XLogRecord, xl_xact_commit, xl_restore_point in src/include/access).
 */
export type WalMark =
  | {
      readonly kind: 'transaction';
      /** First byte behind the record. */
      readonly end: bigint;
      readonly xid: number;
      /** Microseconds since 2000-01-01 00:00 UTC. */
      readonly time: bigint;
      /** Ended by COMMIT PREPARED or ROLLBACK PREPARED: the record's own xid is not the transaction's. */
      readonly prepared: boolean;
    }
  | { readonly kind: 'restore-point'; readonly end: bigint; readonly name: string; readonly time: bigint };

const pageSize = 8192;
const shortHeader = 24;
const longHeader = 40;
const continuesFlag = 0x1;
const longHeaderFlag = 0x2;
const overwritesFlag = 0x8;
const recordHeader = 24;
/** In the record's header; all before it is part of the sum. */
const checksumOffset = 20;

/**
 * Feed it the pages of the segments of a stretch of WAL one after the other. It begins at the first record that begins in the first
 * segment and stops for good where the WAL ends (zeros, a record that was not written to its end, or what was there before the
 * segment was reused): where recovery would stop, by the same proofs (xlogreader.c).
 */
export class WalRecords {
  /** First byte behind the last whole record; null before the first. */
  end: bigint | null = null;
  /** First byte of that record. */
  lastStart: bigint | null = null;
  ended = false;
  /** The record that is the last one, whatever stands behind it; null: all that there are. */
  private readonly last: bigint | null;
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private wanted = 0;
  private start = 0n;
  private segmentEnd = 0n;
  private switched = false;

  constructor(last: bigint | null = null) {
    this.last = last;
  }

  /** @param start LSN of the first byte. */
  beginSegment(start: bigint, size: number): void {
    this.segmentEnd = start + BigInt(size);
    this.switched = false;
  }

  /**
   * @param pages of the segment, behind those of the last call; they may be written over afterwards.
   * @param start LSN of their first byte.
   * @returns the marks whose record ends in them, in order.
   */
  feed(pages: Buffer, start: bigint): WalMark[] {
    const marks: WalMark[] = [];
    for (let page = 0; page < pages.length && !this.isOver(); page += pageSize) {
      this.readPage(pages.subarray(page, page + pageSize), start + BigInt(page), marks);
    }
    // The beginning of a record that goes on in the next pages.
    this.pending =
      this.wanted === 0 ? [] : this.pending.map((part) => (part.buffer === pages.buffer ? Buffer.from(part) : part));
    return marks;
  }

  /** Nothing more is to be read in this segment. */
  private isOver(): boolean {
    return this.ended || this.switched;
  }

  private readPage(page: Buffer, address: bigint, marks: WalMark[]): void {
    if (page.length < longHeader || page.readUInt16LE(0) === 0 || page.readBigUInt64LE(8) !== address) {
      this.ended = true;
      return;
    }
    const info = page.readUInt16LE(2);
    const rest = page.readUInt32LE(16);
    let at = (info & longHeaderFlag) === 0 ? shortHeader : longHeader;
    if (this.wanted > 0 && (info & overwritesFlag) !== 0) {
      // A crash cut the record short, and the server went on here without it (XLOG_OVERWRITE_CONTRECORD).
      this.wanted = 0;
      this.pending.length = 0;
    } else if (this.wanted > 0) {
      if ((info & continuesFlag) === 0 || rest !== this.wanted - this.pendingBytes) {
        this.ended = true;
        return;
      }
    } else if (this.lastStart !== null && rest > 0) {
      // It goes on with a record that nobody began.
      this.ended = true;
      return;
    } else {
      // The rest of a record that began in a page that was not seen.
      if (rest > page.length - at) {
        return;
      }
      at = aligned(at + rest);
    }
    while (at < page.length && !this.isOver()) {
      at = this.wanted > 0 ? this.goOn(page, at, address, marks) : this.begin(page, at, address);
    }
  }

  private begin(page: Buffer, at: number, address: bigint): number {
    // A record begins at a multiple of 8, so that its length never crosses a page.
    const length = page.readUInt32LE(at);
    if (length < recordHeader) {
      this.ended = true;
      return at;
    }
    this.start = address + BigInt(at);
    this.wanted = length;
    this.pendingBytes = 0;
    this.pending.length = 0;
    return at;
  }

  private goOn(page: Buffer, at: number, address: bigint, marks: WalMark[]): number {
    const part = page.subarray(at, Math.min(page.length, at + this.wanted - this.pendingBytes));
    this.pending.push(part);
    this.pendingBytes += part.length;
    if (this.pendingBytes < this.wanted) {
      return page.length;
    }
    const next = aligned(at + part.length);
    const [only] = this.pending;
    this.finish(
      this.pending.length === 1 && only !== undefined ? only : Buffer.concat(this.pending),
      address + BigInt(next),
      marks,
    );
    return next;
  }

  private finish(record: Buffer, end: bigint, marks: WalMark[]): void {
    this.wanted = 0;
    // xl_prev ties each record to the one before: what does not fit is left over from an earlier use of the segment.
    const follows = this.lastStart === null || record.readBigUInt64LE(8) === this.lastStart;
    if (!follows || recordChecksum(record) !== record.readUInt32LE(checksumOffset)) {
      this.ended = true;
      return;
    }
    this.lastStart = this.start;
    this.ended = this.start === this.last;
    // Behind a switch the rest of the segment is nothing; the WAL goes on in the next one.
    this.switched = record.readUInt8(17) === xlogManager && (record.readUInt8(16) & 0xf0) === xlogSwitch;
    this.end = this.switched ? this.segmentEnd : end;
    const mark = readMark(record, end);
    if (mark !== undefined) {
      marks.push(mark);
    }
  }
}

function recordChecksum(record: Buffer): number {
  return crc32c(record.subarray(0, checksumOffset), crc32c(record.subarray(recordHeader)));
}

const xlogManager = 0;
const transactionManager = 1;
const xlogSwitch = 0x40;
const restorePoint = 0x70;
const operationMask = 0x70;
const commit = 0x00;
const abort = 0x20;
const commitPrepared = 0x30;
const abortPrepared = 0x40;

function readMark(record: Buffer, end: bigint): WalMark | undefined {
  const manager = record.readUInt8(17);
  const info = record.readUInt8(16);
  if (manager === transactionManager) {
    const operation = info & operationMask;
    const prepared = operation === commitPrepared || operation === abortPrepared;
    const data = prepared || operation === commit || operation === abort ? mainData(record) : undefined;
    return data === undefined || data.length < 8
      ? undefined
      : { kind: 'transaction', end, xid: record.readUInt32LE(4), time: data.readBigInt64LE(0), prepared };
  }
  if (manager === xlogManager && (info & 0xf0) === restorePoint) {
    const data = mainData(record);
    if (data !== undefined && data.length >= 8 + 64) {
      const zero = data.indexOf(0, 8);
      return {
        kind: 'restore-point',
        end,
        time: data.readBigInt64LE(0),
        name: data.subarray(8, zero === -1 ? undefined : zero).toString('utf8'),
      };
    }
  }
  return undefined;
}

/** The record's own data; none of the records looked at refers to blocks. Undefined where one does. */
function mainData(record: Buffer): Buffer | undefined {
  let at = recordHeader;
  while (at < record.length) {
    const id = record.readUInt8(at);
    if (id === 255) {
      return record.subarray(at + 2, at + 2 + record.readUInt8(at + 1));
    }
    if (id === 254) {
      return record.subarray(at + 5, at + 5 + record.readUInt32LE(at + 1));
    }
    if (id === 253) {
      at += 3;
    } else if (id === 252) {
      at += 5;
    } else {
      return undefined;
    }
  }
  return undefined;
}

function aligned(offset: number): number {
  return (offset + 7) & ~7;
}

const epoch = Date.UTC(2000, 0, 1);

/** A time in WAL as ISO 8601 with microseconds, UTC. */
export function walTimeText(time: bigint): string {
  const milliseconds = time / 1000n;
  const seconds = new Date(epoch + Number(milliseconds)).toISOString().slice(0, 19);
  return `${seconds}.${(((time % 1_000_000n) + 1_000_000n) % 1_000_000n).toString().padStart(6, '0')}Z`;
}

/** Milliseconds since 1970 and further microseconds, as a time in WAL. */
export function walTime(milliseconds: number, microseconds = 0): bigint {
  return BigInt(Math.trunc(milliseconds) - epoch) * 1000n + BigInt(microseconds);
}
