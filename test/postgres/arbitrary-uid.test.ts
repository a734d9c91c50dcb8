import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AgentContract } from '../../src/agent/contract.ts';
import { eventually, serveAs } from '../support/postgres-server.ts';
import { canMount, findTool, missingTools, requireTool } from '../support/tool.ts';
import { untilProtected, untilReceived } from './support/backup-agent.ts';
import type { Pod } from './support/backup-agent.ts';
import { runRestoreProcess } from './support/database-with-store.ts';
import { podsOfEachTest } from './support/pods.ts';
import { leftRecovery, serveWal } from './support/recovery.ts';

/**
 * OpenShift (Red Hat, "Managing security context constraints"): the pod runs as a number of the namespace's range, which no /etc/passwd
 * has, in group 0. Its volumes are root's, and the group may write (fsGroup: mode 2770). initdb.sh and replication.sh: test/shell/initdb.bats.
 */
const podUser = { uid: 1_000_660_000, gid: 0 };

const pod = podsOfEachTest();

/** An empty volume as the kubelet leaves it. */
function volume(path: string): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  chownSync(path, 0, podUser.gid);
  chmodSync(path, 0o2770);
}

function ownerOf(path: string): number {
  return statSync(path).uid;
}

/** initdb alone asks for the name of who runs it; the image gives it one (nss_wrapper), as CRI-O does. */
function initialise({ directory, dataDirectory }: Pod): void {
  const passwd = join(directory, 'passwd');
  writeFileSync(passwd, `${readFileSync('/etc/passwd', 'utf8')}pod:x:${podUser.uid}:0::/:/bin/sh\n`);
  writeFileSync(join(directory, 'password'), 'secret\n');
  const command = [requireTool('initdb'), '-D', dataDirectory, '-U', 'postgres', '--no-sync', '--locale', 'C'];
  const login = ['--auth-local', 'trust', '--auth-host', 'scram-sha-256', '--pwfile', join(directory, 'password')];
  const script = `mount --bind "$1" /etc/passwd; shift; exec setpriv --reuid ${podUser.uid} --regid 0 --clear-groups "$@"`;
  const result = spawnSync(
    'unshare',
    ['--mount', '--propagation', 'private', 'sh', '-euc', script, 'sh', passwd, ...command, ...login],
    { cwd: '/tmp', encoding: 'utf8' },
  );
  expect(`${result.stderr}${String(result.status)}`).toBe('0');
}

describe.skipIf(
  !canMount() || !findTool('setpriv').found || missingTools('postgres', 'pg_receivewal', 'pg_basebackup'),
)('a pod with a uid that nobody knows, and group access alone', () => {
  beforeAll(() => {
    serveAs(podUser);
  });

  function script(one: Pod, name: string, ...args: string[]) {
    const { stderr, status } = spawnSync('sh', [join(one.shared, 'bin', name), ...args], {
      ...podUser,
      cwd: '/',
      encoding: 'utf8',
      env: {
        PATH: `${join(requireTool('psql'), '..')}:/usr/bin:/bin`,
        PGDATA: one.dataDirectory,
        POSTGRES_PASSWORD: 'secret',
      },
    });
    return { stderr, status };
  }

  it('is initialised, probed, backed up, stopped and restored', async () => {
    const one = await pod('stranger', 'empty');
    for (const path of [one.dataMount, one.storeMount, one.shared]) volume(path);
    const contract: AgentContract = one.contract;

    expect((await runRestoreProcess(one, contract)).reason).toBe('');
    expect(readFileSync(join(one.shared, 'decision'), 'utf8')).toMatch(/^action=initialise\n/);
    initialise(one);
    const agent = await one.startAgent();
    const server = await one.startServer();
    expect(script(one, 'started.sh', String(one.port))).toEqual({ stderr: '', status: 0 });
    expect(script(one, 'ready.sh', String(one.port))).toEqual({ stderr: '', status: 0 });
    await untilProtected(agent);
    expect([one.dataDirectory, join(one.storeMount, 'shop'), join(one.shared, 'bin')].map(ownerOf)).toEqual(
      Array.from({ length: 3 }, () => podUser.uid),
    );
    await server.sql('CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n');
    await untilReceived(server, agent);
    expect(script(one, 'pre-stop.sh', '60')).toEqual({ stderr: '', status: 0 });
    expect(await server.exited).toBe(0);
    expect((await agent.stop()).code).toBe(0);

    volume(one.dataMount);
    volume(one.shared);
    expect((await runRestoreProcess(one, contract)).reason).toBe('');
    expect(readFileSync(join(one.shared, 'decision'), 'utf8')).toMatch(/^action=restored\n/);
    const wal = await serveWal(one.shared, contract);
    const restored = await one.startServer();
    await leftRecovery(restored);
    expect(await restored.sql('SELECT count(*)::int AS rows FROM kept')).toEqual([{ rows: 1000 }]);
    await eventually('it is ready', () => script(one, 'ready.sh', String(one.port)).status === 0);
    wal.kill('SIGTERM');
  });
});
