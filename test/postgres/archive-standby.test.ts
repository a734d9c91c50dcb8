import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { AgentContract } from '../../src/agent/contract.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import type { Agent, Pod } from './support/backup-agent.ts';
import { untilProtected } from './support/backup-agent.ts';
import { podsOfEachTest } from './support/pods.ts';
import { untilKept } from './support/replica-set.ts';
import { WholePod } from './support/whole-pod.ts';

const pod = podsOfEachTest();
const standbys: WholePod[] = [];

afterEach(async () => {
  for (const standby of standbys.splice(0)) {
    await standby.crash();
  }
});

interface Source {
  readonly one: Pod;
  readonly agent: Agent;
  readonly server: PostgresServer;
}

/** The set `orders`: one server, protected. */
async function source(label: string): Promise<Source> {
  const one = await pod(label);
  const agent = await one.startAgent();
  const server = await one.startServer();
  await untilProtected(agent);
  await server.sql('CREATE TABLE kept (n int)');
  await server.sql('INSERT INTO kept VALUES (1)');
  return { one, agent, server };
}

/** The set `reports`, which has nothing but the store of `orders` to follow, and a store of its own. */
async function reports({ one }: Source): Promise<{ standby: WholePod; contract: Partial<AgentContract> }> {
  const two = await pod('reports', 'empty');
  const standby = new WholePod(two, 'reports-0', { 'reports-0': two.port });
  standbys.push(standby);
  return {
    standby,
    contract: {
      set: 'reports',
      role: 'standby',
      primary: null,
      store: { mount: two.storeMount, prefix: 'shop/reports' },
      source: { mount: one.storeMount, prefix: 'shop/orders' },
    },
  };
}

function serverOf({ server }: WholePod): PostgresServer {
  if (server === null) {
    throw new Error('its server does not run');
  }
  return server;
}

describe.skipIf(missingTools('postgres', 'pg_basebackup', 'pg_receivewal', 'flock'))('a standby of an archive', () => {
  it('is restored from the store of another set, goes on replaying what comes there, and takes no writes', async () => {
    const orders = await source('orders');
    const { standby, contract } = await reports(orders);
    const result = await standby.startStandby(contract);
    expect(result.reason).toBe('');
    expect(readFileSync(join(standby.pod.shared, 'decision'), 'utf8')).toMatch(/^action=restored\nrole=standby\n/);
    await untilKept(serverOf(standby), [1]);
    await orders.server.sql('INSERT INTO kept VALUES (2)');
    await untilKept(serverOf(standby), [1, 2]);
    await orders.server.sql('SELECT pg_switch_wal()');
    await orders.server.sql('INSERT INTO kept VALUES (3)');
    await untilKept(serverOf(standby), [1, 2, 3]);
    await expect(serverOf(standby).sql('INSERT INTO kept VALUES (99)')).rejects.toThrow('read-only');
    expect(existsSync(join(standby.pod.storeMount, 'shop/reports'))).toBe(false);
  });
});
