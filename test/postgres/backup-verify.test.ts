import { readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runVerify } from '../../src/agent/verify/run-verify.ts';
import { baseBackupDirectory } from '../../src/agent/store/base-backups.ts';
import type { BaseBackupRecord } from '../../src/agent/store/layout.ts';
import { asServerUser, ownedDirectory, serverOwner } from '../support/postgres-server.ts';
import { canMount, missingTools } from '../support/tool.ts';
import { newPod, storeRootOf, systemIdOf, untilProtected } from './support/backup-agent.ts';
import type { Pod } from './support/backup-agent.ts';

async function verify(
  root: string,
  backup: string | null = null,
): Promise<{ code: number; out: string[]; error: string[] }> {
  const out: string[] = [];
  const error: string[] = [];
  const print = { out: (line: string) => out.push(line), error: (line: string) => error.push(line) };
  const code = await runVerify({ root, backup, scratch: null, user: 'postgres' }, print);
  return { code, out, error };
}

describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup', 'pg_amcheck', 'pg_verifybackup', 'flock'))(
  'verify',
  () => {
    let pod: Pod;
    let root = '';
    let record: BaseBackupRecord;
    let directory = '';
    beforeAll(async () => {
      pod = await newPod('verify');
      pod.initialise();
      const agent = await pod.startAgent();
      const server = await pod.startServer();
      await untilProtected(agent);
      root = storeRootOf(pod);
      const [first] = await pod.backups(await systemIdOf(server));
      if (first === undefined) {
        throw new Error('no backup');
      }
      record = first;
      directory = baseBackupDirectory(root, record);
      for (let round = 0; round < 4; round += 1) {
        await server.sql('CREATE TABLE IF NOT EXISTS kept (n int PRIMARY KEY)');
        await server.sql(`INSERT INTO kept SELECT generate_series(${round * 1000}, ${round * 1000 + 999})`);
        await server.sql('SELECT pg_switch_wal()');
      }
      await untilProtected(agent);
      await server.stop();
      await agent.stop();
    });
    afterAll(async () => {
      await pod.remove();
    });

    /** Damages a file for as long as `look` looks. */
    async function damaged(path: string, damage: () => void, look: () => Promise<void>): Promise<void> {
      const before = readFileSync(path);
      damage();
      try {
        await look();
      } finally {
        writeFileSync(path, before);
      }
    }

    it('finds nothing wrong with what is as it was', async () => {
      expect(await verify(root)).toEqual({
        code: 0,
        out: [`${record.id}: every file and every WAL segment behind it is there and as it was`],
        error: [],
      });
    });

    it('finds a byte that was flipped', async () => {
      const path = join(directory, 'base.tar.zst');
      await damaged(
        path,
        () => {
          const bytes = readFileSync(path);
          bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
          writeFileSync(path, bytes);
        },
        async () => {
          const { code, error } = await verify(root);
          expect(code).toBe(1);
          expect(error.join('\n')).toMatch(/NOT GOOD: .*base\.tar\.zst (cannot be read|does not have the checksum)/);
        },
      );
    });

    it('finds an archive that was cut off', async () => {
      const path = join(directory, 'base.tar.zst');
      await damaged(
        path,
        () => {
          truncateSync(path, readFileSync(path).length >> 1);
        },
        async () => {
          const { code, error } = await verify(root);
          expect(code).toBe(1);
          expect(error[0]).toMatch(new RegExp(`^${record.id}: NOT GOOD: `));
        },
      );
    });

    it('finds a manifest that was changed', async () => {
      const path = join(directory, 'backup_manifest');
      await damaged(
        path,
        () => {
          writeFileSync(path, readFileSync(path, 'utf8').replace(/"Checksum": "./, '"Checksum": "z'));
        },
        async () => {
          expect(await verify(root)).toEqual({
            code: 1,
            out: [],
            error: [`${record.id}: NOT GOOD: ${path} is damaged: its own checksum is wrong`],
          });
        },
      );
    });

    it('finds a segment that is missing in the middle', async () => {
      const wal = join(root, record.systemId, 'wal/00000001');
      const names = readdirSync(wal).sort();
      const missing = join(wal, names[2] ?? '');
      await damaged(
        missing,
        () => {
          rmSync(missing);
        },
        async () => {
          const { code, error } = await verify(root, record.id);
          expect(code).toBe(1);
          expect(error).toEqual([
            `${record.id}: NOT GOOD: WAL segment ${(names[2] ?? '').replace('.zst', '')} is missing, and ${(names[3] ?? '').replace('.zst', '')} is behind it`,
          ]);
        },
      );
    });

    it('says so where there is nothing to verify, or no store at all', async () => {
      expect((await verify(root, 'unknown')).error).toEqual([
        `there is no base backup unknown in ${root}; wanted an id as \`list\` prints it`,
      ]);
      expect((await verify('/tmp')).error).toEqual([
        '/tmp is no store: it has no STORE.json. Is the claim mounted, and the prefix <namespace>/<name>?',
      ]);
    });

    /** As the server's user: postgres does not run as root. */
    function verifyByHand(
      options: readonly string[],
      environment: Readonly<Record<string, string>> = {},
    ): { code: number | null; out: string[]; error: string } {
      const program = fileURLToPath(new URL('../../src/agent/main.ts', import.meta.url));
      const store = ['--store', pod.storeMount, '--prefix', 'shop/orders'];
      const result = spawnSync(process.execPath, [program, 'verify', '--start', ...store, ...options], {
        ...asServerUser(),
        cwd: '/tmp',
        encoding: 'utf8',
        env: { ...process.env, ...environment },
      });
      return { code: result.status, out: result.stdout.split('\n').slice(0, -1), error: result.stderr };
    }

    it('--start restores it, starts a server on it, and lets pg_verifybackup and pg_amcheck read it', () => {
      const scratch = ownedDirectory(join(pod.directory, 'scratch'));
      const result = verifyByHand(['--scratch', scratch]);
      expect(result.error).toBe('');
      expect(result.code).toBe(0);
      expect(result.out).toEqual([
        `${record.id}: every file and every WAL segment behind it is there and as it was`,
        expect.stringMatching(new RegExp(`^${record.id}: restored with \\d+ WAL segments$`)),
        `${record.id}: pg_verifybackup found nothing`,
        `${record.id}: a server started on it and recovered`,
        `${record.id}: pg_amcheck found nothing`,
      ]);
      expect(readdirSync(scratch)).toEqual([]);
    });

    it('--start in a pod wants to be told where: the pod’s temporary directory is memory that its containers share', () => {
      const temporary = ownedDirectory(join(pod.directory, 'temporary'));
      const result = verifyByHand([], { PGUSHER_CONTRACT: JSON.stringify(pod.contract), TMPDIR: temporary });
      expect(result).toMatchObject({
        code: 1,
        out: [],
        error:
          'verify --start restores the whole database; wanted --scratch DIRECTORY with room for it: in a pod the temporary directory is a little memory that its containers share\n',
      });
      expect(readdirSync(temporary)).toEqual([]);
    });

    describe.skipIf(!canMount())('on a small file system', () => {
      const mounts: string[] = [];
      afterEach(() => {
        for (const mount of mounts.splice(0)) {
          execFileSync('umount', ['--lazy', mount]);
        }
      });
      function small(name: string, size: string): string {
        const directory = ownedDirectory(join(pod.directory, name));
        const { uid, gid } = serverOwner();
        execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},uid=${uid},gid=${gid}`, 'pgusher-test', directory]);
        mounts.push(directory);
        return directory;
      }

      it('--start writes next to nothing into the temporary directory', () => {
        const scratch = ownedDirectory(join(pod.directory, 'scratch'));
        const temporary = small('temporary', '64k');
        const result = verifyByHand(['--scratch', scratch], { TMPDIR: temporary });
        expect(result.error).toBe('');
        expect(result.out.at(-1)).toBe(`${record.id}: pg_amcheck found nothing`);
        expect(readdirSync(temporary)).toEqual([]);
      });

      it('--start says at once that there is no room, and leaves nothing behind', () => {
        const scratch = small('scratch', '40m');
        const result = verifyByHand(['--scratch', scratch]);
        expect(result.code).toBe(1);
        expect(result.error).toMatch(
          /\/scratch has \d+\.\d MiB free, the restore needs \d+\.\d MiB \(\d+\.\d MiB of data and room for WAL\)\. /,
        );
        expect(readdirSync(scratch)).toEqual([]);
      });
    });
  },
);
