import { describe, expect, it } from 'vitest';
import { compressionMethods } from '../../../src/agent/backup/base-backup.ts';

describe('where a base backup is compressed', () => {
  it('is the server with workers from 15 on, and the client where the server cannot', () => {
    expect(compressionMethods('zstd', 15, 2)).toEqual([
      'server-zstd:level=3,workers=2',
      'client-zstd:level=3,workers=2',
    ]);
    expect(compressionMethods('zstd', 14, 2)).toEqual(['client-zstd:level=3,workers=2']);
  });

  it('never takes more than four of the node’s cores', () => {
    expect(compressionMethods('zstd', 17, 64)[0]).toBe('server-zstd:level=3,workers=4');
  });

  it('is nowhere for none, and one core for gzip', () => {
    expect(compressionMethods('none', 17, 2)).toEqual(['none']);
    expect(compressionMethods('gzip', 17, 2)).toEqual(['server-gzip:level=3', 'client-gzip:level=3']);
  });
});
