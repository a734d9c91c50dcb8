import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Log } from '../../../src/agent/log.ts';
import { lockedVolume } from '../../../src/agent/restore/locked-volume.ts';
import { refuseLock, witnessLock } from '../../../src/agent/store/lock-witness.ts';

const log = { warn: vi.fn() } as unknown as Log;
let shared = '';
beforeEach(async () => {
  shared = await mkdtemp(join(tmpdir(), 'pgusher-locked-'));
});
afterEach(async () => {
  await rm(shared, { recursive: true, force: true });
});

it('a restore whose pod does not get the lock ends with the sentence of the container that was refused', async () => {
  await refuseLock(shared, 'the data volume is in use by shop/orders, pod orders-0; wanted nobody');
  await expect(lockedVolume(shared, 50, log)).rejects.toThrow(
    'the data volume is in use by shop/orders, pod orders-0; wanted nobody',
  );
});

it('a restore beside no pgusher-backup at all says so', async () => {
  await expect(lockedVolume(shared, 50, log)).rejects.toThrow(
    'pgusher-backup did not lock the data volume within 0.05 s; wanted it running, its log says why it is not. Nothing was looked at',
  );
});

it('a restore is told when the lock is lost under it', async () => {
  const witness = await witnessLock(shared);
  const { lost } = await lockedVolume(shared, 1000, log);
  await witness.close();
  expect(await lost).toContain('another pod may have it now');
});
