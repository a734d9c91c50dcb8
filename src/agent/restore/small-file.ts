import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import type { CheckSum, RestoredFile } from './restored-file.ts';

/** Written and summed up at once: handing it to other threads would cost more. */
export class SmallFile implements RestoredFile {
  private readonly descriptor: number;
  private readonly hash = createHash('sha256');
  private readonly check: CheckSum;

  constructor(path: string, check: CheckSum) {
    this.descriptor = openSync(path, 'w', 0o600);
    this.check = check;
  }

  data(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      at += writeSync(this.descriptor, bytes, at);
    }
    this.hash.update(bytes);
  }

  end(): void {
    closeSync(this.descriptor);
    this.check(this.hash.digest('hex'));
  }

  giveUp(): void {
    closeSync(this.descriptor);
  }
}
