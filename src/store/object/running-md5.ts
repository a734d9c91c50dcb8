import { createHash } from 'node:crypto';
import type { RunningChecksum } from './object-body.ts';

/** @param expected sixteen bytes in base64. */
export function runningMd5(expected: string): RunningChecksum {
  const md5 = createHash('md5');
  return {
    name: 'MD5',
    update: (piece) => {
      md5.update(piece);
    },
    matches: () => md5.digest('base64') === expected,
  };
}
