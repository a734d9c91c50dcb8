import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { AgentContract } from '../../src/agent/contract.ts';
import { eventually, giveToServer, initialise, ownedDirectory, runAsServer } from '../support/postgres-server.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import type { Pod } from './support/backup-agent.ts';
import { newPod, systemIdOf, untilProtected, untilReceived } from './support/backup-agent.ts';
import type { RestoreResult, StepCounting } from './support/database-with-store.ts';
import { runRestoreProcess } from './support/database-with-store.ts';
import { startRecoveredIn } from './support/recovery.ts';

/** WAL and tablespaces on volumes of their own, each the claim of a pod: what is lost comes back where it was. */
describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup'))('a database on several volumes', () => {
  let pod: Pod;
  let contract: AgentContract;
  let walMount: string;
  let fastMount: string;
  afterEach(async () => {
    await pod.remove();
  });

  async function several(label: string): Promise<void> {
    pod = await newPod(label);
    walMount = ownedDirectory(join(pod.directory, 'walvolume'));
    fastMount = ownedDirectory(join(pod.directory, 'fastvolume'));
    contract = {
      ...pod.contract,
      otherMounts: [walMount, fastMount],
      walDirectory: join(walMount, 'wal'),
    };
    initialise({ dataDirectory: pod.dataDirectory, arguments: ['--waldir', join(walMount, 'wal')] });
  }

  async function withTablespace(server: PostgresServer): Promise<void> {
    ownedDirectory(join(fastMount, 'fast'));
    await server.sql(`CREATE TABLESPACE fast LOCATION '${join(fastMount, 'fast')}'`);
    await server.sql('CREATE TABLE quick TABLESPACE fast AS SELECT generate_series(1, 1000) AS n');
  }

  function loseOthers(...mounts: readonly string[]): void {
    for (const mount of mounts) {
      rmSync(mount, { recursive: true });
      ownedDirectory(mount);
    }
  }

  async function restore(counting: StepCounting = {}): Promise<RestoreResult> {
    rmSync(join(pod.shared, 'decision'), { force: true });
    return runRestoreProcess({ shared: pod.shared }, contract, { pod: 'orders-0', ...counting });
  }

  async function counts(server: PostgresServer): Promise<unknown> {
    const [row] = await server.sql(
      'SELECT (SELECT count(*)::int FROM plain) AS plain, (SELECT count(*)::int FROM quick) AS quick',
    );
    return row;
  }

  it('comes back whole after all volumes are lost, each part on its own, and is protected again', async () => {
    await several('parts');
    const server = await pod.startServer();
    const systemId = await systemIdOf(server);
    await withTablespace(server);
    await server.sql('CREATE TABLE plain AS SELECT generate_series(1, 1000) AS n');
    const agent = await pod.startAgent({ contract });
    await untilProtected(agent);
    const [record] = await pod.backups(systemId);
    expect(record?.walDirectory).toBe(join(walMount, 'wal'));
    expect(record?.tablespaces.map(({ location }) => location)).toEqual([join(fastMount, 'fast')]);
    expect(record?.verified).not.toBeNull();
    await server.sql('INSERT INTO quick SELECT generate_series(1, 500)');
    await untilReceived(server, agent);
    await server.kill();
    await agent.kill();
    pod.loseVolume();
    loseOthers(walMount, fastMount);

    const result = await restore();
    expect(result.code, result.output).toBe(0);
    expect(readlinkSync(join(pod.dataDirectory, 'pg_wal'))).toBe(join(walMount, 'wal'));
    expect(existsSync(join(walMount, 'wal', '.pgusher'))).toBe(false);
    expect(existsSync(join(fastMount, 'fast', '.pgusher'))).toBe(false);
    const second = await startRecoveredIn(pod, contract);
    expect(await counts(second)).toEqual({ plain: 1000, quick: 1500 });
    expect(readdirSync(join(walMount, 'wal')).some((name) => /^00000002[0-9A-F]{16}$/.test(name))).toBe(true);
    await untilProtected(await pod.startAgent({ contract }));
  });

  it('makes a base backup at once when a tablespace is made, and only then calls it protected again', async () => {
    await several('parts-later');
    const server = await pod.startServer();
    const systemId = await systemIdOf(server);
    await server.sql('CREATE TABLE plain AS SELECT generate_series(1, 10) AS n');
    const agent = await pod.startAgent({ contract });
    await untilProtected(agent);
    await withTablespace(server);
    await eventually(
      'a base backup with it',
      async () => (await pod.backups(systemId)).at(-1)?.tablespaces.length === 1,
      () => agent.output(),
    );
    await untilProtected(agent);
    await untilReceived(server, agent);
    await server.kill();
    await agent.kill();
    // The newest is damaged: the one before knows of no tablespace, whose creation is in the WAL behind it.
    const newest = (await pod.backups(systemId)).at(-1);
    const folder = join(pod.storeMount, 'shop/orders', systemId, 'base', newest?.id ?? '');
    const archive = join(folder, 'base.tar.zst');
    const bytes = readFileSync(archive);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    writeFileSync(archive, bytes);
    pod.loseVolume();
    loseOthers(walMount, fastMount);
    const result = await restore();
    expect(result.code, result.output).toBe(0);
    expect(result.output).toContain('is damaged');
    expect(await counts(await startRecoveredIn(pod, contract))).toEqual({ plain: 10, quick: 1000 });
  });

  it('stops where only the WAL volume or a tablespace is lost, and says how it comes back; the old parts go aside', async () => {
    await several('part-lost');
    // The whole volume is the tablespace's.
    const server = await pod.startServer();
    await server.sql(`CREATE TABLESPACE fast LOCATION '${fastMount}'`);
    await server.sql('CREATE TABLE quick TABLESPACE fast AS SELECT generate_series(1, 1000) AS n');
    await server.sql('CREATE TABLE plain AS SELECT generate_series(1, 1000) AS n');
    const agent = await pod.startAgent({ contract });
    await untilProtected(agent);
    await untilReceived(server, agent);
    await server.kill();
    await agent.kill();
    expect((await restore()).code).toBe(0);

    runAsServer('cp', ['-a', walMount, `${walMount}.kept`]);
    runAsServer('cp', ['-a', fastMount, `${fastMount}.kept`]);
    const back =
      'Wanted: that volume back, mounted where it was. Where it is gone for good, delete the data claim too: everything is restored';
    loseOthers(walMount);
    const wal = await restore();
    expect(wal.code).toBe(1);
    expect(wal.reason).toContain(`its WAL should be in ${join(walMount, 'wal')}, which is not there`);
    expect(wal.reason).toContain(back);
    rmSync(walMount, { recursive: true });
    runAsServer('mv', [`${walMount}.kept`, walMount]);
    loseOthers(fastMount);
    const tablespace = await restore();
    expect(tablespace.code).toBe(1);
    expect(tablespace.reason).toMatch(/tablespace \d+ should be in \S+fastvolume, where there is nothing of it/);
    expect(tablespace.reason).toContain(back);
    rmSync(fastMount, { recursive: true });
    runAsServer('mv', [`${fastMount}.kept`, fastMount]);

    // The data volume alone is lost: what the others hold is of the database before, and is kept.
    pod.loseVolume();
    const result = await restore();
    expect(result.code, result.output).toBe(0);
    const aside = [join(walMount, 'wal'), fastMount].map((place) => readdirSync(join(place, '.pgusher')));
    expect(aside).toEqual([[expect.stringMatching(/^before-/)], [expect.stringMatching(/^before-/)]]);
    expect(await counts(await startRecoveredIn(pod, contract))).toEqual({ plain: 1000, quick: 1000 });
  });

  it('converges after SIGKILL at any step of what is done outside PGDATA', { timeout: 1_200_000 }, async () => {
    await several('parts-killed');
    const server = await pod.startServer();
    await withTablespace(server);
    await server.sql('CREATE TABLE plain AS SELECT generate_series(1, 1000) AS n');
    const agent = await pod.startAgent({ contract });
    await untilProtected(agent);
    await untilReceived(server, agent);
    await server.kill();
    await agent.kill();
    // Something of an older life lies in both places.
    const places = [join(walMount, 'wal'), join(fastMount, 'fast')];
    const begin = (): void => {
      pod.loseVolume();
      loseOthers(walMount, fastMount);
      for (const place of places) {
        ownedDirectory(place);
      }
      for (const path of [join(walMount, 'wal', '0000000100000000000000FF'), join(fastMount, 'fast', 'notes')]) {
        writeFileSync(path, 'of an older life');
        giveToServer(path);
      }
    };
    begin();
    const stepsTo = join(pod.directory, 'steps');
    runAsServer('touch', [stepsTo]);
    expect((await restore({ stepsTo })).reason).toBe('');
    const steps = readFileSync(stepsTo, 'utf8').trim().split('\n');
    // What is alike is not tried again and again: each staged file is written and fsynced in the same way. After the last lease all is moved.
    const staged = steps.findLastIndex((step) => step.includes('/leases/'));
    const outside = steps.flatMap((step, index) => {
      const named = /^(mkdir|open|rename|rm|symlink) \S*(volume|pg_wal|pg_tblspc|\/data)/.test(step);
      return named && (index > staged || step.startsWith('symlink')) ? [index + 1] : [];
    });
    const chosen = outside.filter((_, index) => index % 2 === 1);
    expect(chosen.length).toBeGreaterThan(6);
    for (const killAtStep of chosen) {
      begin();
      const killed = await restore({ killAtStep });
      expect(killed.signal ?? killed.code, `step ${killAtStep}: ${killed.output}`).toBe('SIGKILL');
      const result = await restore();
      expect(result.code, `step ${killAtStep} (${steps[killAtStep - 1] ?? ''}): ${result.output}`).toBe(0);
      expect(lstatSync(join(pod.dataDirectory, 'pg_wal')).isSymbolicLink()).toBe(true);
      expect(readdirSync(join(walMount, 'wal')).filter((name) => name.endsWith('FF'))).toEqual([]);
      expect(keptOf(join(walMount, 'wal')), `step ${killAtStep} (${steps[killAtStep - 1] ?? ''})`).toContain(
        '0000000100000000000000FF',
      );
      expect(readFileSync(join(fastMount, 'fast', 'notes'), 'utf8')).toBe('of an older life');
      expect(readdirSync(join(fastMount, 'fast')).some((name) => name.startsWith('PG_15_'))).toBe(true);
    }
    expect(await counts(await startRecoveredIn(pod, contract))).toEqual({ plain: 1000, quick: 1000 });
  });

  function keptOf(place: string): readonly string[] {
    const own = join(place, '.pgusher');
    return readdirSync(own).flatMap((name) => (name.startsWith('before-') ? readdirSync(join(own, name)) : []));
  }
});
