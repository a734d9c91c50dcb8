import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectBriefly } from '../../src/agent/server-connection/server-connection.ts';
import { asServerUser, eventually, giveToServer } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import { newPod, untilFailure, untilProtected, untilReceived } from './support/backup-agent.ts';
import type { Pod } from './support/backup-agent.ts';
import { runRestoreProcess } from './support/database-with-store.ts';
import { leftRecovery } from './support/recovery.ts';
import { WholePod } from './support/whole-pod.ts';

/**
 * A restored database has the passwords that it had when it was backed up, and lets nobody in over TCP without (initdb --auth-host
 * scram-sha-256): another set's, or those of before a Secret was rotated.
 */
describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup'))('passwords after a restore', () => {
  let origin: WholePod;
  const clones: Pod[] = [];

  beforeAll(async () => {
    origin = await WholePod.make('passwords');
    await origin.start();
    const { server, agent } = origin;
    if (server === null || agent === null) {
      throw new Error('the pod is down');
    }
    await server.sql("ALTER SYSTEM SET log_statement = 'all'");
    await server.sql("CREATE ROLE shop LOGIN PASSWORD 'old-shop'");
    await server.sql('ALTER DATABASE postgres SET default_transaction_read_only = on');
    await untilProtected(agent);
    await untilReceived(server, agent);
    await origin.crash();
  });
  afterEach(async () => {
    for (const pod of clones.splice(0)) {
      await pod.remove();
    }
  });
  afterAll(async () => {
    await origin.remove();
  });

  /** A pod of another set, restored from the store of the first; nothing runs yet. */
  async function clone(passwords?: 'keep' | 'secret'): Promise<{ pod: Pod; contract: Pod['contract'] }> {
    const pod = await newPod('clone');
    clones.push(pod);
    const contract = {
      ...pod.contract,
      set: 'audit',
      store: { mount: pod.storeMount, prefix: 'shop/audit' },
      source: { mount: origin.pod.storeMount, prefix: 'shop/orders' },
      restore: { ...pod.contract.restore, ...(passwords === undefined ? {} : { passwords }) },
    };
    const { reason } = await runRestoreProcess(pod, contract, { pod: 'audit-0', environment });
    expect(reason).toBe('');
    return { pod, contract };
  }
  const environment = { PGUSHER_POD: 'audit-0', PGUSHER_USER: 'postgres', PGUSHER_PASSWORD: 'new-secret' };

  /** What the kubelet would run in the server's container. */
  function readiness({ shared, port }: Pod): { status: number | null; words: string } {
    const { status, stderr } = spawnSync('sh', [join(shared, 'bin/ready.sh'), String(port)], {
      ...asServerUser(),
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '', POSTGRES_PASSWORD: 'new-secret' },
    });
    return { status, words: stderr.trim() };
  }

  async function isLetIn(port: number, user: string, password: string | null, from?: string): Promise<boolean> {
    return connectBriefly({ host: '127.0.0.1', port, from }, { user, password }).then(
      async (client) => {
        await client.end();
        return true;
      },
      () => false,
    );
  }

  const hbaOf = ({ dataDirectory }: Pod): string => readFileSync(join(dataDirectory, 'pg_hba.conf'), 'utf8');

  it("of another set's backup are this pod's before it is Ready, and nobody is let in without one meanwhile", async () => {
    const { pod, contract } = await clone('secret');
    const address = /^host postgres,template1 "postgres" (127\.\S+)\/32 trust$/m.exec(hbaOf(pod))?.[1] ?? '';
    expect(address).not.toBe('');
    const secret = join(pod.directory, 'role-passwords');
    mkdirSync(secret);
    for (const role of ['shop', 'nobody_here']) writeFileSync(join(secret, role), 'new-shop\n');
    for (const path of [secret, join(secret, 'shop'), join(secret, 'nobody_here')]) giveToServer(path);

    const server = await pod.startServer();
    await leftRecovery(server);
    expect(readiness(pod)).toEqual({
      status: 1,
      words: 'the database was restored, and its passwords are not set yet',
    });
    for (const from of [undefined, '127.0.0.6', '127.83.1.2']) {
      expect(await isLetIn(pod.port, 'postgres', null, from)).toBe(false);
    }
    expect(await isLetIn(pod.port, 'shop', null, address)).toBe(false);

    const agent = await pod.startAgent({ contract, environment });
    await eventually(
      'the pod is ready',
      () => readiness(pod).status === 0,
      () => agent.output(),
    );
    expect(await isLetIn(pod.port, 'postgres', 'new-secret')).toBe(true);
    expect(await isLetIn(pod.port, 'postgres', 'secret')).toBe(false);
    expect(await isLetIn(pod.port, 'shop', 'new-shop')).toBe(true);
    expect(await isLetIn(pod.port, 'shop', 'old-shop')).toBe(false);
    await untilFailure(agent, 'passwords', /has no role "nobody_here".*; wanted it made by hand/);
    expect(hbaOf(pod)).not.toContain('trust\n# pgusher: end');
    expect(await isLetIn(pod.port, 'postgres', null, address)).toBe(false);
    expect(server.log()).toContain('statement: ');
    expect(server.log()).not.toMatch(/new-secret|new-shop|SCRAM-SHA-256\$/);
  });

  it('are set by an agent that was there before the restore, as a sidecar is', async () => {
    const { pod, contract } = await clone();
    const order = join(pod.dataMount, '.pgusher/passwords');
    renameSync(order, `${order}.later`);
    const agent = await pod.startAgent({ contract, environment });
    await eventually(
      'the agent looks for the server',
      async () => (await agent.get('/readyz')).status === 503,
      () => agent.output(),
    );
    renameSync(`${order}.later`, order);
    await leftRecovery(await pod.startServer());
    await eventually(
      'the pod is ready',
      () => readiness(pod).status === 0,
      () => agent.output(),
    );
    expect(await isLetIn(pod.port, 'postgres', 'new-secret')).toBe(true);
  });

  it('are left as they were where that is asked for', async () => {
    const { pod } = await clone('keep');
    expect(hbaOf(pod)).not.toContain('one login');
    expect(existsSync(join(pod.dataMount, '.pgusher/passwords'))).toBe(false);
    expect(existsSync(join(pod.shared, 'passwords-trouble'))).toBe(false);
  });

  it('that cannot be set keep the pod from being Ready, with what to do, and are set once that is done', async () => {
    const { pod, contract } = await clone();
    const hba = join(pod.directory, 'pg_hba.conf');
    writeFileSync(hba, 'local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n');
    giveToServer(hba);
    const server = await pod.startServer({ settings: { hba_file: hba } });
    await leftRecovery(server);
    const agent = await pod.startAgent({ contract, environment });
    await untilFailure(
      agent,
      'passwords',
      /does not let "postgres" of this pod in to set the password: .*; wanted .*psql -U postgres -c '\\password'.*restore-passwords: keep/,
    );
    const { status, words } = readiness(pod);
    expect(status).toBe(1);
    expect(words).toContain('wanted the user that the restored database has');
    await server.sql("SET transaction_read_only = off; ALTER ROLE postgres PASSWORD 'new-secret'");
    await eventually(
      'the pod is ready',
      () => readiness(pod).status === 0,
      () => agent.output(),
    );
    expect((await agent.get('/readyz')).body).not.toContain('passwords: ');
  });

  it("of the pod's own backup are those of its Secret of now, once for each restore", async () => {
    origin.lose('data');
    origin.environment = { ...environment, PGUSHER_POD: 'orders-0' };
    expect((await origin.start()).reason).toBe('');
    const { agent, server, pod } = origin;
    if (agent === null || server === null) {
      throw new Error('the pod is down');
    }
    await eventually(
      'the pod is ready',
      () => readiness(pod).status === 0,
      () => agent.output(),
    );
    expect(await isLetIn(pod.port, 'postgres', 'new-secret')).toBe(true);
    await server.sql("SET transaction_read_only = off; ALTER ROLE postgres PASSWORD 'by-hand'");
    await origin.stop();
    expect((await origin.start()).reason).toBe('');
    if (origin.agent === null) {
      throw new Error('the pod is down');
    }
    await untilFailure(origin.agent, 'server', /does not let postgres in/);
    expect(readiness(pod).status).toBe(0);
    expect(await isLetIn(pod.port, 'postgres', 'by-hand')).toBe(true);
  });
});
