import { mkdir, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { storeNames } from '../store/layout.ts';
import { writeDurably } from '../store/durable-file.ts';

/** While it is held, retention of the store's own agent removes nothing. */
export interface RestoreLease {
  release(): Promise<void>;
}

const renewEveryMs = 60_000;

/**
 * Writes `leases/<name>.json` and touches it once a minute; its modification time says whether it is alive.
 * @throws where the store cannot be written: a clone's source is mounted read-only, for example.
 */
export async function takeRestoreLease(root: string, name: string, holder: string): Promise<RestoreLease> {
  const path = join(root, storeNames.leases, `${name}.json`);
  await mkdir(join(root, storeNames.leases), { recursive: true, mode: 0o700 });
  await writeDurably(path, `${JSON.stringify({ format: 1, holder, takenAt: new Date().toISOString() })}\n`);
  const timer = setInterval(() => {
    const now = new Date();
    // A store that is gone for a minute is noticed by the restore itself.
    utimes(path, now, now).catch(() => undefined);
  }, renewEveryMs);
  timer.unref();
  return {
    release: async () => {
      clearInterval(timer);
      await rm(path, { force: true });
    },
  };
}
