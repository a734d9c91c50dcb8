import { blockSize } from '../store/file-blocks.ts';

/** A place in the memory, from `start` to before `end`. */
export interface SharedBlock {
  readonly start: number;
  readonly end: number;
  /** Who fills it or works on it. */
  users: number;
}

/** One being filled, two for the next piece of an archive, and three that are being written and summed up. */
const count = 6;

/** Memory that threads share and that is used again and again. */
export class SharedBlocks {
  /** Growable, though it never grows: only such memory begins at a page, which a direct write needs (open(2), O_DIRECT). */
  readonly memory = new SharedArrayBuffer(count * blockSize, { maxByteLength: count * blockSize });
  private readonly free: SharedBlock[] = Array.from({ length: count }, (_, index) => ({
    start: index * blockSize,
    end: (index + 1) * blockSize,
    users: 0,
  }));
  private wake: () => void = () => undefined;

  /** To be filled; `release` it then. */
  take(): SharedBlock {
    const block = this.free.shift();
    if (block === undefined) {
      throw new Error('no block is free: `room` was not awaited');
    }
    block.users = 1;
    return block;
  }

  release(block: SharedBlock): void {
    block.users -= 1;
    if (block.users === 0) {
      this.free.push(block);
      this.wake();
    }
  }

  /** The block is not filled anew before `work` is done. */
  async use<Result>(block: SharedBlock, work: Promise<Result>): Promise<Result> {
    block.users += 1;
    try {
      return await work;
    } finally {
      this.release(block);
    }
  }

  /** Resolves when a piece of an archive can be taken in, of the size of a block at most. */
  async room(): Promise<void> {
    while (this.free.length < 2) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}
