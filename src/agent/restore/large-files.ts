import { closeSync, constants, openSync, write } from 'node:fs';
import { promisify } from 'node:util';
import { errorCode } from '../store/durable-file.ts';
import { Checksums } from './checksums.ts';
import type { CheckSum, RestoredFile } from './restored-file.ts';
import { SharedBlocks } from './shared-blocks.ts';
import type { SharedBlock } from './shared-blocks.ts';

const writeAside = promisify(write);

/** What a disk may want of a direct write's place and length (open(2), O_DIRECT): a page covers them all. */
const page = 4096;

/**
 * Large files: their bytes are copied once, into memory that is used again, and from there one thread takes the checksum
 * while others write. Call `room` before each piece of an archive, and `settle` after the last.
 */
export class LargeFiles {
  private readonly blocks = new SharedBlocks();
  private readonly memory = Buffer.from(this.blocks.memory);
  private readonly underway = new Set<Promise<void>>();
  private checksums: Checksums | null = null;
  private failure: Error | null = null;

  /** Only one is open at a time. */
  open(path: string, size: number, check: CheckSum): RestoredFile {
    this.checksums ??= new Checksums(this.blocks.memory);
    return new LargeFile(path, size, check, this.memory, this.blocks, this.checksums, (work) => {
      this.track(work);
    });
  }

  /** Resolves when a piece of an archive can be taken in. @throws what went wrong with those before. */
  async room(): Promise<void> {
    await this.blocks.room();
    this.throwFailure();
  }

  /** What was handed over is written and checked when this returns. @throws what went wrong. */
  async settle(): Promise<void> {
    await Promise.all(this.underway);
    this.throwFailure();
  }

  /** Nothing is being written any more when this returns, whatever happened before. */
  async close(): Promise<void> {
    await Promise.all(this.underway);
    await this.checksums?.end();
  }

  private track(work: Promise<void>): void {
    const done = work
      .catch((error: unknown) => {
        this.failure ??= error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => this.underway.delete(done));
    this.underway.add(done);
  }

  private throwFailure(): void {
    if (this.failure !== null) {
      throw this.failure;
    }
  }
}

/**
 * Written past the page cache (O_DIRECT) where the file system can do that: clearing and filling pages of it takes more
 * time than decompressing and checksums together, and a container's memory limit would drive them out again.
 */
class LargeFile implements RestoredFile {
  private readonly descriptor: number;
  private readonly check: CheckSum;
  private readonly memory: Buffer;
  private readonly blocks: SharedBlocks;
  private readonly checksums: Checksums;
  private readonly track: (work: Promise<void>) => void;
  private block: SharedBlock;
  private fill: number;
  private position = 0;
  /** Writes under way, and one for as long as more may come. */
  private users = 1;

  constructor(
    path: string,
    size: number,
    check: CheckSum,
    memory: Buffer,
    blocks: SharedBlocks,
    checksums: Checksums,
    track: (work: Promise<void>) => void,
  ) {
    this.descriptor = (size % page === 0 ? openDirect(path) : null) ?? openSync(path, 'w', 0o600);
    this.check = check;
    this.memory = memory;
    this.blocks = blocks;
    this.checksums = checksums;
    this.track = track;
    this.block = blocks.take();
    this.fill = this.block.start;
  }

  data(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      if (this.fill === this.block.end) {
        this.handOn(false);
        this.block = this.blocks.take();
        this.fill = this.block.start;
      }
      const copied = bytes.copy(this.memory, this.fill, at, at + this.block.end - this.fill);
      at += copied;
      this.fill += copied;
    }
  }

  end(): void {
    this.handOn(true);
    this.release();
  }

  giveUp(): void {
    this.blocks.release(this.block);
    this.release();
  }

  private handOn(last: boolean): void {
    const { block, fill } = this;
    this.users += 1;
    this.track(this.blocks.use(block, this.write(this.memory.subarray(block.start, fill), this.position)));
    this.track(
      this.blocks.use(block, this.checksums.take({ start: block.start, end: fill, last })).then((sha256) => {
        if (sha256 !== null) {
          this.check(sha256);
        }
      }),
    );
    this.position += fill - block.start;
    this.blocks.release(block);
  }

  private async write(bytes: Buffer, position: number): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        at += (await writeAside(this.descriptor, bytes, at, bytes.length - at, position + at)).bytesWritten;
      }
    } finally {
      this.release();
    }
  }

  private release(): void {
    this.users -= 1;
    if (this.users === 0) {
      closeSync(this.descriptor);
    }
  }
}

function openDirect(path: string): number | null {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_DIRECT, 0o600);
  } catch (error) {
    // The file system knows no direct writes.
    if (errorCode(error) === 'EINVAL') {
      return null;
    }
    throw error;
  }
}
