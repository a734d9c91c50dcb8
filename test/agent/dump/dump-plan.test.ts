import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { compressionOf, pgDumpArguments, planArchives } from '../../../src/agent/dump/dump-plan.ts';

describe('names of archives', () => {
  it('are a number and what is harmless of the name', () => {
    const names = ['orders', '-rf', '../../etc', 'a b;"c"', 'größe', '表', ''];
    expect(planArchives(names, 'directory', 'zstd').map(({ path }) => path)).toEqual([
      '001-orders',
      '002-rf',
      '003-etc',
      '004-a_b_c',
      '005-gr_e',
      '006',
      '007',
    ]);
  });

  it('end as their format does', () => {
    const paths = (format: 'custom' | 'plain', compression: 'zstd' | 'gzip' | 'none') =>
      planArchives(['x'], format, compression).map(({ path }) => path);
    expect([paths('custom', 'zstd'), paths('plain', 'zstd'), paths('plain', 'gzip'), paths('plain', 'none')]).toEqual([
      ['001-x.dump'],
      ['001-x.sql.zst'],
      ['001-x.sql.gz'],
      ['001-x.sql'],
    ]);
  });

  it('are one each, and nothing that a shell or a path reads as more, whatever the names', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: 'binary' })), (names) => {
        const paths = planArchives(names, 'directory', 'none').map(({ path }) => path);
        expect(new Set(paths).size).toBe(names.length);
        for (const path of paths) expect(path).toMatch(/^\d{3,}(-\w{1,40})?$/);
      }),
    );
  });
});

describe('pg_dump', () => {
  const request = { file: '/d/001', format: 'directory', compression: 'zstd', clientMajor: 19, jobs: 4 } as const;

  it('is never told the name of the database, a password or a server', () => {
    expect(pgDumpArguments({ ...request, snapshot: '00000003-1' })).toEqual([
      '--format=directory',
      '--file=/d/001',
      '--compress=zstd:3',
      '--no-password',
      '--lock-wait-timeout=600000',
      '--jobs=4',
      '--snapshot=00000003-1',
    ]);
  });

  it('has no zstd before 16, and several jobs for directories only', () => {
    expect([compressionOf('zstd', 15), compressionOf('zstd', 16), compressionOf('none', 15)]).toEqual([
      'gzip',
      'zstd',
      'none',
    ]);
    const custom = pgDumpArguments({ ...request, format: 'custom', compression: 'gzip', snapshot: null });
    expect(custom).toContain('--compress=3');
    expect(custom.join(' ')).not.toMatch(/jobs|snapshot/);
  });
});
