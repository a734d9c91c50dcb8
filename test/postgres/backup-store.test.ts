import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readGaps } from '../../src/agent/store/gaps.ts';
import { eventually } from '../support/postgres-server.ts';
import { canMount, missingTools } from '../support/tool.ts';
import { storeRootOf, systemIdOf, untilFailure, untilProtected } from './support/backup-agent.ts';
import { podsOfEachTest } from './support/pods.ts';
import { startRestored } from './support/restored-server.ts';

const pod = podsOfEachTest();
const tools = missingTools('postgres', 'pg_receivewal', 'pg_basebackup', 'flock');

describe.skipIf(tools || !canMount())('a store', () => {
  it('that is full is said, loses nothing, and is used again once there is room', async () => {
    const one = await pod('full');
    one.mount('store', 96);
    const agent = await one.startAgent({ storeMustBeMount: true });
    const server = await one.startServer();
    await untilProtected(agent);
    const systemId = await systemIdOf(server);
    const ballast = join(one.storeMount, 'ballast');
    execFileSync('sh', ['-c', 'cat /dev/zero > "$1" 2>/dev/null || true', 'sh', ballast]);
    await server.sql('CREATE TABLE kept (n int)');
    for (let round = 0; round < 3; round += 1) {
      await server.sql('INSERT INTO kept SELECT generate_series(1, 10000)');
      await server.sql('SELECT pg_switch_wal()');
    }
    await eventually(
      'it is said',
      async () => {
        const { status, body } = await agent.get('/readyz');
        return status === 503 && /No space left|ENOSPC|the store is full/.test(body);
      },
      () => agent.output(),
    );
    rmSync(ballast);
    await untilProtected(agent);
    await server.sql('INSERT INTO kept VALUES (1)');
    await server.stop();
    await agent.stop();
    expect(await readGaps(storeRootOf(one), systemId)).toEqual([]);
    const restored = await startRestored(one, systemId);
    expect(await restored.sql('SELECT count(*)::int AS rows FROM kept')).toEqual([{ rows: 30_001 }]);
    await restored.kill();
  });

  it('without room for another base backup keeps the ones it has, and WAL goes on', async () => {
    const one = await pod('room');
    one.mount('store', 70);
    const agent = await one.startAgent({ storeMustBeMount: true });
    const server = await one.startServer();
    expect(await untilFailure(agent, 'base-backup', /needs about/)).toMatch(
      /^base-backup: the store has \d+ MB free; a base backup needs about 67 MB\. Make the claim larger or lower backup-keep$/,
    );
    expect(await agent.metric('pgusher_wal_receiver_streaming')).toBe(1);
    await server.stop();
  });

  it('that turns read-only keeps the server running, is said, and is used again', async () => {
    const one = await pod('readonly');
    one.mount('store', 200);
    const agent = await one.startAgent({ storeMustBeMount: true });
    const server = await one.startServer();
    await untilProtected(agent);
    const systemId = await systemIdOf(server);
    // A file that is open for writing keeps a file system from being remounted: the receiver's.
    await agent.kill();
    execFileSync('mount', ['-o', 'remount,ro', one.storeMount]);
    const again = await one.startAgent({ storeMustBeMount: true });
    expect(await untilFailure(again, 'identity', /cannot be written/)).toContain('EROFS: read-only file system');
    await server.sql('CREATE TABLE kept AS SELECT 1 AS n');
    execFileSync('mount', ['-o', 'remount,rw', one.storeMount]);
    await untilProtected(again);
    await server.stop();
    await again.stop();
    const restored = await startRestored(one, systemId);
    expect(await restored.sql('SELECT n FROM kept')).toEqual([{ n: 1 }]);
    await restored.kill();
  });
});

describe.skipIf(tools)('a store that is not ours', () => {
  it('because nothing is mounted gets nothing, not even an identity', async () => {
    const one = await pod('unmounted');
    const agent = await one.startAgent({ storeMustBeMount: true });
    const server = await one.startServer();
    expect(await untilFailure(agent, 'identity', /nothing is mounted/)).toBe(
      `identity: nothing is archived: nothing is mounted at ${one.storeMount}: it is a plain directory of the container`,
    );
    expect(existsSync(join(storeRootOf(one), 'STORE.json'))).toBe(false);
    expect(await agent.metric('pgusher_protected')).toBe(0);
    await server.stop();
  });

  it('because another set claimed it gets nothing', async () => {
    const one = await pod('foreign');
    const first = await one.startAgent({ contract: { namespace: 'shop', set: 'invoices' } });
    const server = await one.startServer();
    await untilProtected(first);
    await first.kill();
    const before = readdirSync(storeRootOf(one), { recursive: true }).length;
    const agent = await one.startAgent();
    expect(await untilFailure(agent, 'identity', /belongs to/)).toBe(
      `identity: nothing is archived: the store ${storeRootOf(one)} belongs to shop/invoices; wanted shop/orders. Give this set another backup-prefix or claim`,
    );
    expect(readdirSync(storeRootOf(one), { recursive: true }).length).toBe(before);
    await server.stop();
  });

  it('because another database filled it gets nothing, and the server is left alone', async () => {
    const one = await pod('system');
    let agent = await one.startAgent();
    let server = await one.startServer();
    await untilProtected(agent);
    const systemId = await systemIdOf(server);
    await server.stop();
    await agent.stop();
    rmSync(one.dataDirectory, { recursive: true });
    one.initialise();
    agent = await one.startAgent();
    server = await one.startServer();
    const own = await systemIdOf(server);
    expect(await untilFailure(agent, 'identity', /holds system/)).toBe(
      `identity: nothing is archived: the store ${storeRootOf(one)} holds system ${systemId}, this server is ${own}. It is another database; give this set another backup-prefix, or restore`,
    );
    expect(readdirSync(storeRootOf(one)).sort()).toEqual([systemId, 'STORE.json'].sort());
    expect(await server.sql('SELECT slot_name FROM pg_replication_slots')).toEqual([]);
  });
});
