import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AgentContract } from '../../src/agent/contract.ts';
import { eventually, giveToServer, ownedDirectory } from '../support/postgres-server.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import { storeRootOf, systemIdOf, untilProtected, untilReceived } from './support/backup-agent.ts';
import type { Agent, Pod } from './support/backup-agent.ts';
import { runRestoreProcess } from './support/database-with-store.ts';
import type { RestoreOptions, RestoreResult } from './support/database-with-store.ts';
import { podsOfEachTest } from './support/pods.ts';
import { untilReplicationRole } from './support/replica-set.ts';
import { startRestored } from './support/restored-server.ts';

const pod = podsOfEachTest();
const replication = { network: '127.0.0.1/32' };

/** The replication Secret, mounted. */
function putSecret(directory: string): void {
  ownedDirectory(directory);
  for (const [name, text] of [
    ['username', 'replicator'],
    ['password', `one: 'two' \\three`],
  ] as const) {
    writeFileSync(join(directory, name), text);
    giveToServer(join(directory, name));
  }
}

interface Primary {
  readonly one: Pod;
  readonly agent: Agent;
  readonly server: PostgresServer;
}

/** Ordinal 0 of a set with replication, protected. */
async function primary(label: string): Promise<Primary> {
  const one = await pod(label);
  putSecret(join(one.directory, 'replication'));
  const agent = await one.startAgent({ contract: { replication } });
  const server = await one.startServer();
  await untilProtected(agent);
  await untilReplicationRole(server, () => agent.output());
  await server.sql('CREATE TABLE kept (n int)');
  await server.sql('INSERT INTO kept VALUES (1)');
  return { one, agent, server };
}

/** Ordinal 1 of the same set: a volume of its own, the set's store. */
async function standbyOf(one: Pod): Promise<{
  readonly two: Pod;
  readonly contract: AgentContract;
  readonly restore: (options?: RestoreOptions) => Promise<RestoreResult>;
}> {
  const two = await pod('standby', 'empty');
  putSecret(join(two.directory, 'replication'));
  putSecret(join(two.shared, 'replication-secret'));
  const contract: AgentContract = {
    ...two.contract,
    store: one.contract.store,
    replication,
    primary: `127.0.0.1:${one.port}`,
  };
  return { two, contract, restore: (options) => runRestoreProcess(two, contract, { pod: 'orders-1', ...options }) };
}

async function untilRows(server: PostgresServer, count: number): Promise<void> {
  await eventually(
    `there are ${count} rows`,
    async () => {
      const [row] = await server.sql<{ rows: number }>('SELECT count(*)::int AS rows FROM kept').catch(() => []);
      return row?.rows === count;
    },
    () => server.log(),
  );
}

describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup', 'flock'))('a standby', () => {
  it('is copied from the primary, follows it, and goes on with its volume after a restart', async () => {
    const { one, server } = await primary('copied');
    const { two, restore } = await standbyOf(one);
    expect((await restore()).reason).toBe('');
    expect(readFileSync(join(two.shared, 'decision'), 'utf8')).toMatch(/^action=copied\nrole=standby\n/);
    let follower = await two.startServer();
    await server.sql('INSERT INTO kept VALUES (2)');
    await untilRows(follower, 2);
    expect(await follower.sql('SELECT pg_is_in_recovery() AS is')).toEqual([{ is: true }]);
    await follower.stop();
    await server.sql('INSERT INTO kept VALUES (3)');
    expect((await restore()).reason).toBe('');
    expect(readFileSync(join(two.shared, 'decision'), 'utf8')).toMatch(/^action=start\nrole=standby\n/);
    follower = await two.startServer();
    await untilRows(follower, 3);
    expect(await follower.sql('SELECT pg_is_in_recovery() AS is')).toEqual([{ is: true }]);
  });

  it('does not start, and initialises nothing, where its primary cannot be reached', async () => {
    const { one, agent, server } = await primary('absent');
    await Promise.all([server.kill(), agent.kill()]);
    const { two, restore } = await standbyOf(one);
    const result = await restore();
    expect(result.code).toBe(1);
    expect(result.reason).toMatch(
      new RegExp(
        `^the primary 127\\.0\\.0\\.1:${one.port} could not be copied: .+ Wanted: a running primary that lets "replicator" replicate \\(postgres\\.io/primary, postgres\\.io/replication-secret\\)\\. \\S+/PRIMARY\\.json says that orders-0 is primary`,
      ),
    );
    expect(() => readFileSync(join(two.dataDirectory, 'PG_VERSION'))).toThrow('ENOENT');
  });

  it('that was killed while it was copied is copied anew', async () => {
    const { one, server } = await primary('again');
    const { two, restore } = await standbyOf(one);
    const stepsTo = join(two.directory, 'steps');
    writeFileSync(stepsTo, '');
    giveToServer(stepsTo);
    expect((await restore({ stepsTo })).reason).toBe('');
    const steps = readFileSync(stepsTo, 'utf8').split('\n');
    const intoPlace = steps.findLastIndex((step) => /^rename .*\/staging$/.test(step));
    expect(intoPlace).toBeGreaterThan(100);
    for (const kill of [{ killAtStep: Math.floor(intoPlace / 2) }, { killBefore: steps[intoPlace] ?? '' }]) {
      two.loseVolume();
      expect((await restore(kill)).signal).toBe('SIGKILL');
      expect(() => readFileSync(join(two.dataDirectory, 'PG_VERSION'))).toThrow('ENOENT');
      expect((await restore()).reason).toBe('');
    }
    const follower = await two.startServer();
    await server.sql('INSERT INTO kept VALUES (2)');
    await untilRows(follower, 2);
  });

  it('that is promoted beside its running agent is protected on its own timeline, and nothing is lost', async () => {
    const { one, agent, server } = await primary('old');
    const systemId = await systemIdOf(server);
    const { two, contract, restore } = await standbyOf(one);
    expect((await restore()).reason).toBe('');
    const follower = await two.startServer();
    const beside = await two.startAgent({ contract, environment: { PGUSHER_POD: 'orders-1' } });
    await eventually(
      'its agent waits',
      async () => (await beside.get('/readyz')).body.includes('the server is in recovery'),
      () => beside.output(),
    );
    await server.sql('INSERT INTO kept VALUES (2)');
    await untilRows(follower, 2);
    await untilReceived(server, agent);
    await Promise.all([server.kill(), agent.kill()]);

    await follower.sql('SELECT pg_promote()');
    await follower.sql('INSERT INTO kept VALUES (3)');
    await untilProtected(beside);
    expect((await one.backups(systemId)).map((record) => record.timeline)).toEqual([1, 2]);
    const history = join(storeRootOf(one), systemId, 'wal/00000002.history');
    expect(readFileSync(history, 'utf8')).toMatch(/^1\t0\/[0-9A-F]+\t/);
    await follower.sql('INSERT INTO kept VALUES (4)');
    await untilReceived(follower, beside);
    expect(await beside.metric('pgusher_wal_gap_total')).toBe(0);
    await Promise.all([follower.kill(), beside.kill()]);

    const restored = await startRestored(one, systemId);
    expect(await restored.sql('SELECT n FROM kept ORDER BY n')).toEqual([1, 2, 3, 4].map((n) => ({ n })));
    await restored.kill();
  });
});
