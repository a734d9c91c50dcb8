import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asServerUser, removeDirectory, runAsServer, scratchDirectory } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import { DatabaseWithStore, node, numbers, rowsOf } from './support/database-with-store.ts';
import { startRecovered } from './support/recovery.ts';

/** What the image runs: `npm run build`, where no source and no package is beside it. Threads and sh files are files of their own there. */
describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup'))('the agent as it is built', () => {
  let database: DatabaseWithStore;
  let directory: string;

  beforeAll(async () => {
    database = new DatabaseWithStore('built');
    directory = scratchDirectory('built');
    runAsServer(node, [join(import.meta.dirname, '../../scripts/build.ts'), join(directory, 'dist')]);
    await database.begin();
    await database.write(1, 10);
    database.backup();
    await database.write(11, 20);
    await database.received();
    database.move();
    await database.crash();
  });

  afterAll(async () => {
    await database.remove();
    removeDirectory(directory);
  });

  function agent(command: string, ...options: string[]): { status: number | null; stdout: string; stderr: string } {
    const main = join(directory, 'dist', 'agent', 'main.js');
    const store = ['--store', join(database.directory, 'store'), '--prefix', 'shop/db'];
    return spawnSync(node, [main, command, ...store, ...options], { ...asServerUser(), cwd: '/tmp', encoding: 'utf8' });
  }

  it('verifies and restores', async () => {
    expect(agent('verify')).toMatchObject({ status: 0, stderr: '' });
    expect(agent('restore', '--to', join(directory, 'data'))).toMatchObject({ status: 0, stderr: '' });
    const server = await startRecovered(join(directory, 'data'));
    try {
      expect(await rowsOf(server)).toEqual(numbers(1, 20));
    } finally {
      await server.kill();
    }
  });
});
