import { readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { descendants, eventually, giveToServer } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import type { DatabaseWithStore } from './support/database-with-store.ts';
import { numbers, rowsOf } from './support/database-with-store.ts';
import { lostDatabase } from './support/lost-database.ts';
import { leftRecovery } from './support/recovery.ts';
import { twoBackups } from './support/two-backups.ts';

/**
 * Faults while the server asks for WAL. Every test ends in one of two ways: each row up to the promised point, or a server
 * that stopped before it took a write. A server with fewer rows is what must never be.
 */
describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup'))('recovery of a restored volume', () => {
  let database: DatabaseWithStore;

  const lost = lostDatabase('recovery', async (made) => {
    database = made;
    await twoBackups(database);
  });

  /** Starts the server and waits until it gives up; it must never take writes. */
  async function gaveUp(): Promise<string> {
    setPatience(6);
    const server = await lost.start();
    expect(await server.exited).toBe(1);
    expect(server.log()).not.toContain('selected new timeline');
    expect(readdirSync(database.dataDirectory)).toContain('recovery.signal');
    return server.log();
  }

  /** The wrapper's third argument, as a person would change it. */
  function setPatience(seconds: number): void {
    const path = join(database.dataDirectory, 'postgresql.auto.conf');
    writeFileSync(path, readFileSync(path, 'utf8').replace('%f %p', `%f %p ${seconds}`));
  }

  it('stops recovery, never ends it, where a segment that vanished meanwhile is asked for', async () => {
    await lost.restore();
    rmSync(database.segmentPath(-2));
    await lost.serve();
    const log = await gaveUp();
    expect(log).toContain('proves that it existed: recovery must not end here');
  });

  it('stops recovery at a segment of a wrong size, and goes on once it is whole again', async () => {
    await lost.restore();
    const path = database.segmentPath(-1);
    const whole = readFileSync(path);
    truncateSync(path, whole.length - 10);
    await lost.serve();
    await gaveUp();
    writeFileSync(path, whole);
    setPatience(300);
    expect(await rowsOf(await lost.recovered())).toEqual(numbers(1, 95));
  });

  it('never ends where the WAL breaks off in the middle, as where two histories meet', async () => {
    const path = database.segmentPath(-2);
    const bytes = zstdDecompressSync(readFileSync(path));
    writeFileSync(path, zstdCompressSync(bytes.fill(0, 4096)));
    await lost.restore();
    await lost.serve();
    expect(await gaveUp()).toContain('recovery ended before configured recovery target was reached');
  });

  it('waits out an error that passes by itself', async () => {
    await lost.restore();
    const path = database.segmentPath(-1);
    const whole = readFileSync(path);
    rmSync(path);
    await lost.serve();
    const server = await lost.start();
    await eventually(
      'it is tried again',
      () => server.log().includes('trying again'),
      () => server.log(),
    );
    writeFileSync(path, whole);
    giveToServer(path);
    await leftRecovery(server);
    expect(await rowsOf(server)).toEqual(numbers(1, 95));
  });

  it('waits for an agent that is not there, and for one that is killed in the middle', async () => {
    await lost.restore();
    // Without it recovery cannot end before the agent is killed.
    const path = database.segmentPath(-1);
    const whole = readFileSync(path);
    rmSync(path);
    const server = await lost.start();
    // Time to do what it must not.
    await sleep(1_500);
    const first = await lost.serve();
    await eventually(
      'recovery is in the middle',
      () => server.log().includes('restored log file') && server.log().includes('trying again'),
      () => server.log(),
    );
    first.kill('SIGKILL');
    writeFileSync(path, whole);
    giveToServer(path);
    await lost.serve();
    await leftRecovery(server);
    expect(await rowsOf(server)).toEqual(numbers(1, 95));
  });

  it('stops recovery, never ends it, where the wrapper is killed, and goes on at the next start', async () => {
    await lost.restore();
    const path = database.segmentPath(-1);
    const whole = readFileSync(path);
    rmSync(path);
    await lost.serve();
    const server = await lost.start();
    await eventually(
      'the wrapper waits',
      () => server.log().includes('trying again'),
      () => server.log(),
    );
    const wrappers = descendants(server.child.pid ?? 0).filter((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('restore-command.sh'),
    );
    expect(wrappers.length).toBeGreaterThan(0);
    wrappers.forEach((pid) => process.kill(pid, 'SIGKILL'));
    expect(await server.exited).toBe(1);
    expect(server.log()).not.toContain('selected new timeline');
    expect(readdirSync(database.dataDirectory)).toContain('recovery.signal');
    writeFileSync(path, whole);
    giveToServer(path);
    expect(await rowsOf(await lost.recovered())).toEqual(numbers(1, 95));
  });

  it.each([
    [
      'unmounted: an empty directory in its place',
      (root: string) => {
        rmSync(join(root, '../..'), { recursive: true });
      },
    ],
    [
      'without its identity',
      (root: string) => {
        rmSync(join(root, 'STORE.json'));
      },
    ],
    [
      'with an identity that cannot be read',
      (root: string) => {
        writeFileSync(join(root, 'STORE.json'), '{"format": 1');
      },
    ],
    [
      'that is of another set',
      (root: string) => {
        writeFileSync(
          join(root, 'STORE.json'),
          readFileSync(join(root, 'STORE.json'), 'utf8').replace('"db"', '"other"'),
        );
      },
    ],
    [
      'of another system',
      (root: string) => {
        writeFileSync(
          join(root, 'STORE.json'),
          readFileSync(join(root, 'STORE.json'), 'utf8').replace(/"systemId": "\d+"/, '"systemId": "7"'),
        );
      },
    ],
  ])('stops recovery on a store %s', async (_, harm) => {
    await lost.restore();
    harm(database.root);
    await lost.serve();
    await gaveUp();
  });
});
