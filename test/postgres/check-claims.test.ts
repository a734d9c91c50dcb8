import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judge, workloadOf } from '../checks/check-fixture.ts';
import {
  asServerUser,
  eventually,
  giveToServer,
  removeDirectory,
  runAsServer,
  scratchDirectory,
  serverOwner,
} from '../support/postgres-server.ts';
import { managedSet } from '../support/review.ts';
import { findTool, isRoot, missingTools } from '../support/tool.ts';

/** What checks say that a server does: asked of a server. */
describe.skipIf(missingTools('initdb', 'postgres', 'psql', 'pg_receivewal', 'pg_basebackup'))(
  'a check says what the server does',
  () => {
    let directory: string;
    let data: string;
    beforeAll(() => {
      directory = scratchDirectory('claims');
      data = join(directory, 'data');
      runAsServer(program('initdb'), ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync']);
    });
    afterAll(() => {
      removeDirectory(directory);
    });

    function program(name: string): string {
      const tool = findTool(name);
      return tool.found ? tool.path : name;
    }

    /** Starts a server that is expected to end by itself; what it said. */
    function lastWords(parameters: readonly string[], user: { uid?: number; gid?: number } = asServerUser()): string {
      const args = ['-D', data, '-c', 'listen_addresses=', '-k', directory, ...parameters];
      const { stderr, status } = spawnSync(program('postgres'), args, { ...user, encoding: 'utf8', timeout: 20_000 });
      expect(status, stderr).toBe(1);
      return stderr;
    }

    it.each([
      'work_mem=8MB',
      'work_mem=8mb',
      'work_mem=8KB',
      'work_mem= 8 MB ',
      'work_mem=8MB x',
      'work_mem=.5GB',
      'work_mem=0x1000',
      'work_mem=1e4',
      'work_mem=',
      'shared_buffers=256 MB',
      'shared_buffers="1GB"',
      'wal_buffers=-1',
      'max_wal_size=1024',
      'checkpoint_timeout=1.5h',
      'checkpoint_timeout=5 m',
      'statement_timeout=10us',
      'max_connections=100MB',
      'max_connections=0x64',
      'max_worker_processes=8.4',
    ])('parameter-unreadable: %s', (parameter) => {
      const name = parameter.slice(0, parameter.indexOf('='));
      const args = ['-D', data, '-C', name, '-c', parameter];
      const { status } = spawnSync(program('postgres'), args, { ...asServerUser(), encoding: 'utf8' });
      const findings = judge({ after: workloadOf(managedSet({ args: ['-c', parameter] })), before: undefined });
      const isRefused = findings.some(({ check }) => check === 'parameter-unreadable');
      expect(isRefused).toBe(status !== 0);
    });

    it('readonly-root-no-tmp: without a writable folder for the socket it does not start', () => {
      expect(lastWords(['-c', 'unix_socket_directories=/nowhere'])).toContain(
        'could not create lock file "/nowhere/.s.PGSQL.',
      );
    });

    it('hugepages-unmatched: it does not start without huge pages', () => {
      expect(lastWords(['-c', 'huge_pages=on', '-c', 'shared_buffers=4TB'])).toMatch(
        /could not (map|create) .*shared memory/,
      );
    });

    it.skipIf(!isRoot())('command-bypasses-entrypoint: it does not run as root', () => {
      expect(lastWords([], { uid: 0, gid: 0 })).toContain('"root" execution of the PostgreSQL server is not permitted');
    });

    it.skipIf(!isRoot())('uid-mismatch: it does not start on the data of another user', () => {
      const { uid, gid } = serverOwner();
      // With an fsGroup the group may look into it, which does not help.
      chmodSync(data, 0o750);
      chownSync(data, uid + 1, gid);
      try {
        expect(lastWords([])).toMatch(/data directory .* has wrong ownership/);
      } finally {
        chownSync(data, uid, gid);
      }
    });

    it('sync-names-blocks: a role is not created while nobody follows', () => {
      const server = ['-D', data, '-w', '-l', join(directory, 'log')];
      const options = `-c listen_addresses='' -k ${directory} -c synchronous_standby_names='ANY 1 (*)'`;
      runAsServer(program('pg_ctl'), [...server, '-o', options, 'start']);
      try {
        const { signal } = spawnSync(
          program('psql'),
          ['-h', directory, '-U', 'postgres', '-c', 'CREATE ROLE follower'],
          {
            ...asServerUser(),
            encoding: 'utf8',
            timeout: 3000,
          },
        );
        expect(signal).toBe('SIGTERM');
      } finally {
        runAsServer(program('pg_ctl'), [...server, '-m', 'immediate', 'stop']);
      }
    });

    /** WAL is received by its own slot while a base backup is taken, as the agent does both. */
    it.each([
      ['max_wal_senders=2', false],
      ['max_wal_senders=3', false],
      ['max_wal_senders=4', true],
      ['max_replication_slots=1', false],
      ['max_replication_slots=2', true],
    ])('wal-level-minimal: a base backup beside the stream and a session with %s', async (parameter, isEnough) => {
      const server = ['-D', data, '-w', '-l', join(directory, 'log')];
      runAsServer(program('pg_ctl'), [
        ...server,
        '-o',
        `-c listen_addresses='' -k ${directory} -c ${parameter}`,
        'start',
      ]);
      const login = ['-h', directory, '-U', 'postgres'];
      const sql = (statement: string): string => runAsServer(program('psql'), [...login, '-XAtc', statement]).trim();
      const wal = mkdtempSync(join(directory, 'wal-'));
      const backup = mkdtempSync(join(directory, 'base-'));
      for (const folder of [wal, backup]) giveToServer(folder);
      sql("SELECT pg_create_physical_replication_slot('pgusher', true)");
      const receiver = spawn(program('pg_receivewal'), [...login, '-D', wal, '--slot', 'pgusher'], {
        ...asServerUser(),
        stdio: 'ignore',
      });
      // The agent asks the server by a session of its own, which is a sender too.
      const session = spawn(program('psql'), [...login, '-d', 'dbname=postgres replication=true'], {
        ...asServerUser(),
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      try {
        const senders = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender'";
        await eventually('the receiver and the session', () => sql(senders) === '2');
        const take = [...login, '-D', backup, '--format=tar', '--wal-method=stream', '--checkpoint=fast', '--no-sync'];
        const { status } = spawnSync(program('pg_basebackup'), take, { ...asServerUser(), encoding: 'utf8' });
        expect(status === 0).toBe(isEnough);
      } finally {
        receiver.kill();
        session.kill();
        await eventually('the slot to be free', () => sql('SELECT active FROM pg_replication_slots') === 'f');
        sql("SELECT pg_drop_replication_slot('pgusher')");
        runAsServer(program('pg_ctl'), [...server, '-m', 'fast', 'stop']);
      }
      const findings = judge({ after: workloadOf(managedSet({ args: ['-c', parameter] })), before: undefined });
      expect(findings.some(({ check }) => check === 'wal-level-minimal')).toBe(!isEnough);
    });
  },
);
