import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { openPlace } from '../../../src/store/object/open-place.ts';

/**
 * Stores as many bytes as the second argument says at `large` of the address that the first one is, reads them again, and prints on one line of JSON what
 * came of it and the most memory that this process ever had, in MB, behind each.
 */
const [address = '', length = '0'] = process.argv.slice(2);

function* pieces(): Generator<Buffer> {
  const piece = Buffer.alloc(32 * 1024, 'some of it');
  for (let left = Number(length); left > 0; left -= piece.length) {
    yield piece.subarray(0, left);
  }
}

function peak(): number {
  return Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024);
}

const place = await openPlace(address, process.env);
const loaded = peak();
const put = await place.putStream('large', Readable.from(pieces()));
const stored = peak();
const read = await place.read('large');
let size = 0;
if (read.outcome === 'found') {
  for await (const piece of read.bytes) {
    size += (piece as Buffer).length;
  }
}
place.close();
console.log(JSON.stringify({ put: put.outcome, read: size, loaded, stored, peak: peak() }));
