import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeVolumeLock } from '../../../src/agent/store/volume-lock.ts';
import type { VolumeLock } from '../../../src/agent/store/volume-lock.ts';
import { missingTools } from '../../support/tool.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pgusher-lock-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function take(holder: string): Promise<VolumeLock> {
  const attempt = await takeVolumeLock(folder, holder);
  if (attempt.kind !== 'held') {
    throw new Error(`taken by ${attempt.holder}`);
  }
  return attempt.lock;
}

describe.skipIf(missingTools('flock', 'fuser'))('the lock on a data volume', () => {
  it('tells a second one who holds it, and is free again after', async () => {
    const lock = await take('shop/orders, pod orders-0');
    expect(await takeVolumeLock(folder, 'somebody else')).toEqual({
      kind: 'taken',
      path: join(folder, 'lock'),
      holder: 'shop/orders, pod orders-0',
    });
    await lock.release();
    await (await take('the next')).release();
  });

  it('is released when its holder is killed, at once', async () => {
    const module = new URL('../../../src/agent/store/volume-lock.ts', import.meta.url).href;
    const child = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `const { takeVolumeLock } = await import(process.argv[1]);
         console.log((await takeVolumeLock(process.argv[2], 'victim')).kind);
         setInterval(() => {}, 1000);`,
        module,
        folder,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const said = await new Promise<string>((resolve) => {
      child.stdout.setEncoding('utf8').once('data', resolve);
    });
    expect(said).toBe('held\n');
    expect((await takeVolumeLock(folder, 'second')).kind).toBe('taken');
    child.kill('SIGKILL');
    const freed = await waitFor(async () => (await takeVolumeLock(folder, 'second')).kind === 'held');
    expect(freed).toBe(true);
  });

  it('says so where it is lost while it should be held', async () => {
    const lock = await take('us');
    const pids = execFileSync('fuser', [join(folder, 'lock')], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    for (const pid of pids.trim().split(/\s+/).map(Number)) {
      process.kill(pid, 'SIGKILL');
    }
    expect(await lock.lost).toBe(`the lock on ${join(folder, 'lock')} is lost: its holder ended with SIGKILL`);
  });

  it('cannot be taken where the folder cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(takeVolumeLock(join(folder, 'file'), 'us')).rejects.toThrow('EEXIST');
  });
});

async function waitFor(condition: () => Promise<boolean>): Promise<boolean> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if (await condition()) {
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}
