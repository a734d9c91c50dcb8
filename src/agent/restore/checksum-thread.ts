import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import type { ChecksumAnswer, ChecksumOrder } from './checksums.ts';

/** The thread of checksums.ts: one answer for each order, in their order. */
if (!(workerData instanceof SharedArrayBuffer)) {
  throw new TypeError('shared memory was expected');
}
const memory = Buffer.from(workerData);
let hash = createHash('sha256');
parentPort?.on('message', ({ start, end, last }: ChecksumOrder) => {
  hash.update(memory.subarray(start, end));
  let answer: ChecksumAnswer = null;
  if (last) {
    answer = hash.digest('hex');
    hash = createHash('sha256');
  }
  parentPort?.postMessage(answer);
});
