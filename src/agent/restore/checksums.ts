import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

/** A piece of a file, as a place in the shared memory. Files come one after the other. */
export interface ChecksumOrder {
  readonly start: number;
  readonly end: number;
  /** Of its file. */
  readonly last: boolean;
}

/** SHA-256 in hexadecimal where the piece was the last one of its file. */
export type ChecksumAnswer = string | null;

/** SHA-256 in a thread of its own: with two cores, one thread would take longer for it than a disk for writing. */
export class Checksums {
  private readonly thread: Worker;
  private readonly waiting: PromiseWithResolvers<ChecksumAnswer>[] = [];

  constructor(memory: SharedArrayBuffer) {
    this.thread = new Worker(new URL(`./checksum-thread${extname(import.meta.filename)}`, import.meta.url), {
      workerData: memory,
      resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 },
    });
    this.thread.on('message', (answer: ChecksumAnswer) => this.waiting.shift()?.resolve(answer));
    this.thread.on('error', (error) => {
      this.waiting.splice(0).forEach(({ reject }) => {
        reject(error);
      });
    });
  }

  /** The memory may be used again when this resolves. */
  async take(order: ChecksumOrder): Promise<ChecksumAnswer> {
    const answer = Promise.withResolvers<ChecksumAnswer>();
    this.waiting.push(answer);
    this.thread.postMessage(order);
    return answer.promise;
  }

  async end(): Promise<void> {
    await this.thread.terminate();
  }
}
