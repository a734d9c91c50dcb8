import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { moveFinishedWal, removeTemporaryWal } from '../../../src/agent/backup/mover.ts';
import type { MoverResult } from '../../../src/agent/backup/mover.ts';
import { segmentStart } from '../../../src/agent/store/wal-name.ts';
import { fakeSegment, segmentSize, systemId } from './fake-segment.ts';

const first = '000000010000000000000002';
const second = '000000010000000000000003';
let root = '';
let incoming = '';
let wal = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pgusher-mover-'));
  incoming = join(root, systemId, 'incoming/00000001');
  wal = join(root, systemId, 'wal/00000001');
  await mkdir(incoming, { recursive: true });
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const move = (compression: 'zstd' | 'gzip' | 'none' = 'zstd'): Promise<MoverResult> =>
  moveFinishedWal({ root, systemId, segmentSize, compression });

describe('the mover', () => {
  it('compresses finished segments and leaves the partial one', async () => {
    await writeFile(join(incoming, first), fakeSegment(first));
    await writeFile(join(incoming, second), fakeSegment(second));
    await writeFile(join(incoming, '000000010000000000000004.partial'), 'partial');
    expect(await move()).toEqual({ moved: 2, refused: [] });
    expect(await readdir(incoming)).toEqual(['000000010000000000000004.partial']);
    expect((await readdir(wal)).sort()).toEqual([`${first}.zst`, `${second}.zst`]);
    expect(zstdDecompressSync(await readFile(join(wal, `${second}.zst`))).equals(fakeSegment(second))).toBe(true);
  });

  it('compresses with what is asked for, and reads them all', async () => {
    await writeFile(join(incoming, first), fakeSegment(first));
    await move('gzip');
    expect(gunzipSync(await readFile(join(wal, `${first}.gz`))).equals(fakeSegment(first))).toBe(true);
    await writeFile(join(incoming, second), fakeSegment(second));
    await move('none');
    expect((await readFile(join(wal, second))).equals(fakeSegment(second))).toBe(true);
    // Both come again: known under their other names.
    await writeFile(join(incoming, first), fakeSegment(first));
    await writeFile(join(incoming, second), fakeSegment(second));
    expect(await move('zstd')).toEqual({ moved: 2, refused: [] });
    expect((await readdir(wal)).sort()).toEqual([`${first}.gz`, second]);
  });

  it('keeps history files bare, beside the folders of their timelines', async () => {
    await writeFile(join(incoming, '00000002.history'), '1\t0/2000000\tno recovery target specified\n');
    expect(await move()).toEqual({ moved: 1, refused: [] });
    expect(await readFile(join(root, systemId, 'wal/00000002.history'), 'utf8')).toBe(
      '1\t0/2000000\tno recovery target specified\n',
    );
  });

  it('refuses to overwrite other content, says so, and goes on with the rest', async () => {
    await writeFile(join(incoming, first), fakeSegment(first));
    await move();
    await writeFile(join(incoming, first), fakeSegment(first, { fill: 'another server wrote this ' }));
    await writeFile(join(incoming, second), fakeSegment(second));
    expect(await move()).toEqual({
      moved: 1,
      refused: [
        {
          file: join(incoming, first),
          reason: `${join(wal, `${first}.zst`)} is there with other content; wanted the same. Two servers wrote one timeline: nothing is overwritten`,
        },
      ],
    });
    expect(zstdDecompressSync(await readFile(join(wal, `${first}.zst`))).equals(fakeSegment(first))).toBe(true);
    expect(await readdir(incoming)).toEqual([first]);
  });

  it.each([
    ['another system', { system: '42' }, 'is WAL of system 42; wanted 7710520287593579133'],
    ['another size', { size: segmentSize / 2 }, 'has 524288 bytes; wanted 1048576'],
  ])('refuses a segment of %s', async (_, options, reason) => {
    await writeFile(join(incoming, first), fakeSegment(first, options));
    expect(await move()).toEqual({
      moved: 0,
      refused: [{ file: join(incoming, first), reason: `${join(incoming, first)} ${reason}` }],
    });
  });

  it('refuses a segment that holds another position than its name says', async () => {
    await writeFile(join(incoming, first), fakeSegment(second));
    expect((await move()).refused[0]?.reason).toBe(
      `${join(incoming, first)} holds WAL of another position than its name says`,
    );
  });

  it.each(['written', 'named', 'removed'])(
    'killed after "%s" loses nothing, and the next run completes it',
    async (step) => {
      await writeFile(join(incoming, first), fakeSegment(first));
      await writeFile(join(incoming, second), fakeSegment(second));
      expect(await moveAndDieAfter(step)).toBe('SIGKILL');
      await removeTemporaryWal(root, systemId);
      const { refused } = await move();
      expect(refused).toEqual([]);
      expect(await readdir(incoming)).toEqual([]);
      expect((await readdir(wal)).sort()).toEqual([`${first}.zst`, `${second}.zst`]);
      for (const name of [first, second]) {
        expect(zstdDecompressSync(await readFile(join(wal, `${name}.zst`))).equals(fakeSegment(name))).toBe(true);
      }
    },
  );

  it.each(['zstd', 'gzip', 'none'] as const)(
    'holds a few MB however much there is to move (%s)',
    async (compression) => {
      const size = 16 * 2 ** 20;
      const names = Array.from({ length: 8 }, (_, index) => `0000000100000000000000${10 + index}`);
      for (const name of names) {
        const segment = fakeSegment(name, { size, fill: randomBytes(4096).toString('hex') });
        segment.writeBigUInt64LE(segmentStart(name, size), 8);
        await writeFile(join(incoming, name), segment);
      }
      const before = process.memoryUsage().arrayBuffers;
      let most = 0;
      const { moved } = await moveFinishedWal({
        ...{ root, systemId, segmentSize: size, compression },
        onStep: () => {
          most = Math.max(most, process.memoryUsage().arrayBuffers - before);
        },
      });
      expect(moved).toBe(names.length);
      // Two segments at once, each with two blocks of input and what is ready of the output.
      expect(most / 2 ** 20).toBeLessThan(12);
    },
  );

  it('fails as a whole where the store cannot be written, and loses nothing', async () => {
    await writeFile(join(incoming, first), fakeSegment(first));
    await mkdir(join(root, systemId, 'wal'), { recursive: true });
    await writeFile(wal, 'not a folder');
    await expect(move()).rejects.toThrow('EEXIST');
    expect((await readFile(join(incoming, first))).equals(fakeSegment(first))).toBe(true);
  });
});

/** A process of its own that kills itself with SIGKILL after the step. */
async function moveAndDieAfter(step: string): Promise<string | null> {
  const module = new URL('../../../src/agent/backup/mover.ts', import.meta.url).href;
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { moveFinishedWal } = await import(process.argv[1]);
       const options = JSON.parse(process.argv[2]);
       await moveFinishedWal({ ...options, onStep: (step) => {
         if (step === process.argv[3]) process.kill(process.pid, 'SIGKILL');
       } });`,
      module,
      JSON.stringify({ root, systemId, segmentSize, compression: 'zstd' }),
      step,
    ],
    { stdio: 'inherit' },
  );
  return new Promise((resolve) => {
    child.once('exit', (_, signal) => {
      resolve(signal);
    });
  });
}
