import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/postgres-server.ts';
import { canMount, missingTools } from '../support/tool.ts';
import { systemIdOf, untilProtected } from './support/backup-agent.ts';
import { podsOfEachTest } from './support/pods.ts';
import { startRestored } from './support/restored-server.ts';

const pod = podsOfEachTest();
const tools = missingTools('postgres', 'pg_receivewal', 'pg_basebackup', 'flock');

describe.skipIf(tools)('the volume and its lock', () => {
  it('turn a second agent away by name, and the first one goes on', async () => {
    const one = await pod('two');
    const agent = await one.startAgent();
    const second = await one.startAgent({ wait: false, contract: { agentPort: one.contract.agentPort + 1 } });
    expect(await second.exited).toBe(1);
    const message = String(second.lines().at(-1)?.['msg']);
    expect(message).toMatch(
      /^the data volume is in use by shop\/orders, pod orders-0 \(uid uid-0\), since \S+; wanted nobody\. Two servers on one data directory destroy it: delete the other pod, or give this one a claim of its own$/,
    );
    expect((await agent.get('/livez')).status).toBe(200);
    await agent.kill();
    const third = await one.startAgent();
    expect((await third.get('/livez')).status).toBe(200);
  });
});

describe.skipIf(tools || !canMount())('a data volume', () => {
  it('that is full stops the server, never the agent, and every row that was committed is in the store', async () => {
    const one = await pod('data', 200);
    const agent = await one.startAgent();
    let server = await one.startServer();
    await untilProtected(agent);
    const systemId = await systemIdOf(server);
    await server.sql('CREATE TABLE kept (n int)');
    const ballast = join(one.dataMount, 'ballast');
    execFileSync('sh', ['-c', 'cat /dev/zero > "$1" 2>/dev/null || true', 'sh', ballast]);
    let committed = 0;
    await eventually('the server runs out of space', async () => {
      try {
        await server.sql('INSERT INTO kept SELECT generate_series(1, 1000)');
        committed += 1000;
        await server.sql('SELECT pg_switch_wal()');
        return false;
      } catch (error) {
        return /No space left|server closed|terminat|ECONN|ENOENT|postgres ended/i.test(String(error));
      }
    });
    expect(server.log()).toContain('No space left on device');
    expect((await agent.get('/livez')).status).toBe(200);
    await server.kill();
    rmSync(ballast);
    server = await one.startServer();
    await untilProtected(agent);
    const [row] = await server.sql<{ rows: number }>('SELECT count(*)::int AS rows FROM kept');
    expect(row?.rows).toBeGreaterThanOrEqual(committed);
    await server.stop();
    await agent.stop();
    const restored = await startRestored(one, systemId);
    expect(await restored.sql('SELECT count(*)::int AS rows FROM kept')).toEqual([row]);
    await restored.kill();
  });
});
