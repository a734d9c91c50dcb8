import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually, giveToServer, ownedDirectory } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import type { Agent, Pod } from './support/backup-agent.ts';
import { newPod, systemIdOf, untilFailure, untilProtected } from './support/backup-agent.ts';
import { runRestoreProcess } from './support/database-with-store.ts';

/** "Protected" is what a restore would answer if the volume were lost now. */
describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup'))('protected means restorable', () => {
  let pod: Pod;
  afterEach(async () => {
    await pod.remove();
  });

  async function untilRefused(agent: Agent, words: RegExp): Promise<void> {
    await eventually(
      `a restore would be refused: ${String(words)}`,
      async () => words.test((await agent.get('/readyz')).body),
      () => agent.output(),
    );
    expect(await agent.metric('pgusher_protected')).toBe(0);
    expect(await agent.metric('pgusher_restore_possible')).toBe(0);
    expect((await agent.get('/')).body).toMatch(/NOT PROTECTED/);
  }

  it('not with a tablespace outside the volumes of the pod, from the second on that it is made', async () => {
    pod = await newPod('elsewhere');
    pod.initialise();
    const location = ownedDirectory(join(pod.directory, 'elsewhere'));
    const server = await pod.startServer();
    const agent = await pod.startAgent();
    await untilProtected(agent);
    expect(await agent.metric('pgusher_restore_possible')).toBe(1);

    await server.sql(`CREATE TABLESPACE elsewhere LOCATION '${location}'`);
    await untilRefused(agent, /^a restore would be refused: .*tablespaces \(\d+ at .*elsewhere\)/m);
    await server.sql('DROP TABLESPACE elsewhere');
    await untilProtected(agent);
    expect(agent.lines().filter((line) => line['restore'] === 'refused')).toHaveLength(1);
  });

  it('not with a base backup that holds one: it is not called verified, and the next without it is made at once', async () => {
    pod = await newPod('elsewhere-before');
    pod.initialise();
    const location = ownedDirectory(join(pod.directory, 'elsewhere'));
    const server = await pod.startServer();
    const systemId = await systemIdOf(server);
    await server.sql(`CREATE TABLESPACE elsewhere LOCATION '${location}'`);
    const agent = await pod.startAgent();
    const words = await untilFailure(agent, 'verification', /is not called verified: .* holds tablespaces/);
    expect(words).toContain(location);
    await untilRefused(agent, /the server has tablespaces/);
    expect((await pod.backups(systemId)).map(({ verified }) => verified)).toEqual([null]);

    await server.sql('DROP TABLESPACE elsewhere');
    await untilProtected(agent);
    expect((await pod.backups(systemId)).map(({ verified }) => verified !== null)).toEqual([false, true]);
  });

  it('not on a server whose pg_control this agent does not know: no backup is called verified, and no start changes anything', async () => {
    pod = await newPod('newer');
    pod.initialise();
    const server = await pod.startServer();
    // As the server of a later version would leave it; the running one writes its own again.
    const seen = join(pod.dataMount, 'seen');
    mkdirSync(join(seen, 'global'), { recursive: true });
    for (const name of ['PG_VERSION', 'postmaster.pid']) {
      copyFileSync(join(pod.dataDirectory, name), join(seen, name));
    }
    const control = readFileSync(join(pod.dataDirectory, 'global', 'pg_control'));
    control.writeUInt32LE(2003, 8);
    writeFileSync(join(seen, 'global', 'pg_control'), control);
    for (const path of [
      seen,
      join(seen, 'global'),
      join(seen, 'global', 'pg_control'),
      join(seen, 'PG_VERSION'),
      join(seen, 'postmaster.pid'),
    ]) {
      giveToServer(path);
    }
    const agent = await pod.startAgent({ contract: { dataDirectory: seen } });
    const words = await untilFailure(agent, 'verification', /is not called verified/);
    expect(words).toMatch(/pg_control is of version 2003, which this agent does not know .*agent-image/);
    await untilRefused(agent, /^a restore would be refused: .*pg_control is of version 2003/m);
    expect((await pod.backups(await systemIdOf(server))).map(({ verified }) => verified)).toEqual([null]);

    rmSync(join(seen, 'postmaster.pid'));
    const result = await runRestoreProcess({ shared: pod.shared }, { ...pod.contract, dataDirectory: seen });
    expect(result.code).toBe(1);
    expect(result.reason).toMatch(
      /holds a database of PostgreSQL 15: pg_control is of version 2003.*Nothing was changed/,
    );
    expect(readFileSync(join(seen, 'global', 'pg_control'))).toEqual(control);
  });
});
