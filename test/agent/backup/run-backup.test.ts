import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { runBackup } from '../../../src/agent/backup/run-backup.ts';
import { scriptNames } from '../../../src/agent/contract.ts';
import type { AgentContract } from '../../../src/agent/contract.ts';
import { dataVolumePaths } from '../../../src/agent/decision/data-volume-paths.ts';
import type { Log } from '../../../src/agent/log.ts';
import { lockRefusal } from '../../../src/agent/store/lock-witness.ts';
import { takeVolumeLock } from '../../../src/agent/store/volume-lock.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pgusher-run-backup-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Kubelets up to 1.36.3 may skip pgusher-restore after a power cut, and what it had put there was in memory. */
it('puts the scripts of probes and hooks where the server looks for them', async () => {
  const stop = new AbortController();
  const ended = run(0, stop.signal);
  await vi.waitFor(async () => {
    expect((await readdir(join(directory, 'bin'))).toSorted()).toEqual(Object.values(scriptNames).toSorted());
  });
  expect((await stat(join(directory, 'bin', scriptNames.ready))).mode & 0o777).toBe(0o755);
  stop.abort();
  expect(await ended).toEqual({ kind: 'stopped' });
});

it('ends with the reason where its port is taken, and leaves the data volume to the next', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  const fatal = vi.fn<(message: string) => void>();
  const end = await run(port, new AbortController().signal, fatal);
  other.close();
  const reason = expect.stringContaining(`port ${port} is taken by another process`) as string;
  expect(end).toEqual({ kind: 'refused', reason });
  expect(await lockRefusal(directory)).toEqual(reason);
  expect(fatal).toHaveBeenCalledExactlyOnceWith(reason);
  const next = await takeVolumeLock(dataVolumePaths(directory).own, 'the next');
  expect(next.kind).toBe('held');
  if (next.kind === 'held') {
    await next.lock.release();
  }
});

function run(
  port: number,
  stop: AbortSignal,
  fatal: (message: string) => void = vi.fn(),
): ReturnType<typeof runBackup> {
  const quiet = vi.fn();
  const contract: AgentContract = {
    version: 1,
    namespace: 'shop',
    set: 'orders',
    major: 15,
    dataDirectory: join(directory, 'pgdata'),
    dataMount: directory,
    owner: null,
    serverPort: 5432,
    agentPort: port,
    bootstrap: 'auto',
    role: 'auto',
    primary: null,
    service: null,
    replication: null,
    store: null,
    source: null,
    restore: { backup: 'latest', target: null, id: null },
    backup: null,
  };
  return runBackup(contract, {
    environment: {},
    shared: directory,
    liveSettings: directory,
    replicationSecret: directory,
    rolePasswords: directory,
    openPlace: async () => Promise.reject(new Error('no off-site copy is asked for')),
    listen: '127.0.0.1',
    storeMustBeMount: false,
    retrySeconds: 1,
    log: { fatal, info: quiet, error: quiet, warn: quiet, debug: quiet } as unknown as Log,
    now: () => new Date(),
    stop: stop,
    alongside: [],
  });
}
