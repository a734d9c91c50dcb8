import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockRefusal, refuseLock, seeLock, witnessLock } from '../../../src/agent/store/lock-witness.ts';

let shared = '';
beforeEach(async () => {
  shared = await mkdtemp(join(tmpdir(), 'pgusher-witness-'));
});
afterEach(async () => {
  await rm(shared, { recursive: true, force: true });
});

describe('the witness of the lock on a data volume', () => {
  it('is waited for', async () => {
    const seeing = seeLock(shared, 10_000);
    const witness = await witnessLock(shared);
    expect(await seeing).toBeDefined();
    await witness.close();
  });

  it('is not seen where nobody holds the lock, whatever an earlier container left', async () => {
    expect(await seeLock(shared, 0)).toBeUndefined();
    await writeFile(join(shared, 'lock.sock'), '');
    expect(await seeLock(shared, 50)).toBeUndefined();
    await (await witnessLock(shared)).close();
    expect(await seeLock(shared, 50)).toBeUndefined();
  });

  it('tells when it ends, and is seen again with the next', async () => {
    const first = await witnessLock(shared);
    const seen = await seeLock(shared, 0);
    await first.close();
    await seen?.lost;
    const second = await witnessLock(shared);
    expect(await seeLock(shared, 0)).toBeDefined();
    await second.close();
  });

  it('tells when its process is killed, and what is left of it is no witness', async () => {
    const module = new URL('../../../src/agent/store/lock-witness.ts', import.meta.url).href;
    const child = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `const { witnessLock } = await import(process.argv[1]);
         await witnessLock(process.argv[2]);`,
        module,
        shared,
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const seen = await seeLock(shared, 20_000);
    expect(seen).toBeDefined();
    child.kill('SIGKILL');
    await seen?.lost;
    expect(await seeLock(shared, 50)).toBeUndefined();
  });

  it('passes on why the lock could not be had, until it is', async () => {
    expect(await lockRefusal(shared)).toBeUndefined();
    await refuseLock(shared, 'in use by shop/orders, pod orders-0');
    expect(await lockRefusal(shared)).toBe('in use by shop/orders, pod orders-0');
    await (await witnessLock(shared)).close();
    expect(await lockRefusal(shared)).toBeUndefined();
  });
});
