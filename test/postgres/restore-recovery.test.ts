import {
  chownSync,
  copyFileSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { BaseBackupRecord } from '../../src/agent/store/layout.ts';
import { descendants, eventually, giveToServer, serverOwner, runAsServer } from '../support/postgres-server.ts';
import { isRoot, missingTools } from '../support/tool.ts';
import type { DatabaseWithStore } from './support/database-with-store.ts';
import { damage, numbers, rowsOf, runRestoreProcess } from './support/database-with-store.ts';
import { lostDatabase } from './support/lost-database.ts';
import { leftRecovery } from './support/recovery.ts';

/**
 * Faults between a store and a restored server. Every test ends in one of two ways: each row up to the promised point, or
 * no server and a line that says why. A server with fewer rows is what must never be.
 */
describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup'))('a volume is lost and restored', () => {
  let database: DatabaseWithStore;
  let backups: BaseBackupRecord[];

  const lost = lostDatabase('recovery', async (made) => {
    database = made;
    await database.begin();
    await database.write(1, 30);
    backups = [database.backup('zstd')];
    await database.write(31, 60);
    await database.received();
    database.move('gzip');
    backups.push(database.backup('gzip'));
    await database.write(61, 95);
    await database.received();
    database.move();
  });

  async function restored(): Promise<void> {
    expect((await runRestoreProcess(database, database.contract())).reason).toBe('');
  }

  /** Starts the server and waits until it gives up; it must never take writes. */
  async function gaveUp(): Promise<string> {
    setPatience(10);
    const server = await lost.start();
    expect(await server.exited).toBe(1);
    expect(server.log()).not.toContain('selected new timeline');
    expect(readdirSync(database.dataDirectory)).toContain('recovery.signal');
    return server.log();
  }

  /** The wrapper's third argument, as a person would change it. */
  function setPatience(seconds: number): void {
    const path = join(database.dataDirectory, 'postgresql.auto.conf');
    writeFileSync(path, readFileSync(path, 'utf8').replace('%f %p', `%f %p ${seconds}`));
  }

  function segment(position: number): string {
    const name = database.finished().at(position);
    if (name === undefined) {
      throw new Error('no such segment');
    }
    return database.walPath(name);
  }

  function partials(): string[] {
    const folder = join(database.root, database.systemId, 'incoming', '00000001');
    return readdirSync(folder).map((name) => join(folder, name));
  }

  it('brings back every committed row, also those of the unfinished segment', async () => {
    await lost.serve();
    const result = await runRestoreProcess(database, database.contract());
    expect(result.reason).toBe('');
    expect(readFileSync(join(database.shared, 'decision'), 'utf8')).toBe(
      [
        'action=restored',
        'role=primary',
        'archive=yes',
        `data_directory=${database.dataDirectory}`,
        `staging=${database.volume}/.pgusher/staging`,
        `filling=${database.volume}/.pgusher/filling`,
        'least_max_connections=100',
        '',
      ].join('\n'),
    );
    expect(await rowsOf(await lost.recovered())).toEqual(numbers(1, 95));
  });

  it('gives the files to the server alone: directories 0700, files 0600', async () => {
    await restored();
    const wrong = readdirSync(database.dataDirectory, { recursive: true, withFileTypes: true })
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => {
        const { mode } = statSync(path);
        return (mode & 0o777) !== (statSync(path).isDirectory() ? 0o700 : 0o600);
      });
    expect(wrong).toEqual([]);
  });

  it.skipIf(!isRoot())(
    'as root hands everything to the owner, and is that user before it reads the store',
    async () => {
      const owner = serverOwner();
      // A new volume is root's.
      chownSync(database.volume, 0, 0);
      const result = await runRestoreProcess(database, database.contract({ owner }), { asRoot: true });
      expect(result.reason).toBe('');
      const others = readdirSync(database.volume, { recursive: true, encoding: 'utf8' }).filter((path) => {
        const { uid, gid } = statSync(join(database.volume, path));
        return uid !== owner.uid || gid !== owner.gid;
      });
      expect(others).toEqual([]);
      await lost.serve();
      expect(await rowsOf(await lost.recovered())).toEqual(numbers(1, 95));
    },
  );

  it('goes back to an older base backup where the newest is damaged, and loses nothing', async () => {
    const archive = join(database.root, database.systemId, 'base', backups[1]?.id ?? '', 'base.tar.gz');
    damage(archive, readFileSync(archive));
    await lost.serve();
    const result = await runRestoreProcess(database, database.contract());
    expect(result.output).toContain(`base backup ${backups[1]?.id ?? ''} is damaged`);
    expect(await rowsOf(await lost.recovered())).toEqual(numbers(1, 95));
  });

  it.each([
    [
      'a flipped bit',
      (path: string) => {
        damage(path, readFileSync(path));
      },
    ],
    [
      'a truncated archive',
      (path: string) => {
        truncateSync(path, Math.floor(statSync(path).size / 2));
      },
    ],
    [
      'an archive that is gone',
      (path: string) => {
        rmSync(path);
      },
    ],
  ])('does not start where every base backup is damaged: %s', async (_, harm) => {
    for (const backup of backups) {
      const archive = backup.archives.find((found) => found.file.startsWith('base'))?.file ?? '';
      harm(join(database.root, database.systemId, 'base', backup.id, archive));
    }
    const result = await runRestoreProcess(database, database.contract());
    expect(result.code).toBe(1);
    expect(result.reason).toContain('every base backup that leads there is damaged');
    expect(readdirSync(database.volume)).toEqual(['.pgusher']);
  });

  it('does not start where a damaged manifest cannot vouch for the files', async () => {
    for (const backup of backups) {
      const manifest = join(database.root, database.systemId, 'base', backup.id, 'backup_manifest');
      damage(manifest, readFileSync(manifest));
    }
    const result = await runRestoreProcess(database, database.contract());
    expect(result.reason).toContain('backup_manifest is damaged: its own checksum is wrong');
  });

  it('does not start where a segment in the middle is missing, and says what can be had', async () => {
    rmSync(segment(-2));
    const result = await runRestoreProcess(database, database.contract());
    expect(result.code).toBe(1);
    expect(result.reason).toMatch(
      /^WAL segment 0000000100000000000000\w\w is missing in the store, and 0000000100000000000000\w\w proves that the database went on behind it: a restore would lose those rows\. Bring the file back; to accept the loss, restore up to it: from .* last commit in the store\)$/,
    );
    expect(readdirSync(database.volume)).toEqual(['.pgusher']);
  });

  it('does not start where the last finished segment is missing before the unfinished one', async () => {
    rmSync(segment(-1));
    expect((await runRestoreProcess(database, database.contract())).reason).toContain('is missing in the store, and');
  });

  it('restores to the end of the last finished segment where there is no unfinished one', async () => {
    partials().forEach((path) => {
      rmSync(path);
    });
    await lost.serve();
    await restored();
    expect(await rowsOf(await lost.recovered())).toEqual(numbers(1, 90));
  });

  it('takes an unfinished segment that was only being padded for what it is: nothing', async () => {
    const [partial] = partials();
    truncateSync(partial ?? '', 0);
    truncateSync(partial ?? '', 4096);
    await lost.serve();
    await restored();
    expect(await rowsOf(await lost.recovered())).toEqual(numbers(1, 90));
  });

  it('does not start on an unfinished segment of a wrong size that holds data', async () => {
    const [partial] = partials();
    truncateSync(partial ?? '', 65_536);
    const result = await runRestoreProcess(database, database.contract());
    expect(result.reason).toMatch(/\.partial holds 65536 bytes; wanted a WAL segment's 1048576$/);
  });

  it('stops recovery, never ends it, where a segment that vanished meanwhile is asked for', async () => {
    await restored();
    rmSync(segment(-2));
    await lost.serve();
    const log = await gaveUp();
    expect(log).toContain('proves that it existed: recovery must not end here');
  });

  it('stops recovery at a segment of a wrong size, and goes on once it is whole again', async () => {
    await restored();
    const path = segment(-1);
    const whole = readFileSync(path);
    truncateSync(path, whole.length - 10);
    await lost.serve();
    await gaveUp();
    writeFileSync(path, whole);
    setPatience(300);
    expect(await rowsOf(await lost.recovered())).toEqual(numbers(1, 95));
  });

  it('waits out an error that passes by itself', async () => {
    await restored();
    const path = segment(-1);
    const whole = readFileSync(path);
    rmSync(path);
    await lost.serve();
    const server = await lost.start();
    await eventually(
      'it is tried again',
      () => server.log().includes('trying again'),
      () => server.log(),
    );
    writeFileSync(path, whole);
    giveToServer(path);
    await leftRecovery(server);
    expect(await rowsOf(server)).toEqual(numbers(1, 95));
  });

  it('waits for an agent that is not there, and for one that is killed in the middle', async () => {
    await restored();
    // Without it recovery cannot end before the agent is killed.
    const path = segment(-1);
    const whole = readFileSync(path);
    rmSync(path);
    const server = await lost.start();
    // Time to do what it must not.
    await sleep(1_500);
    const first = await lost.serve();
    await eventually(
      'recovery is in the middle',
      () => server.log().includes('restored log file') && server.log().includes('trying again'),
      () => server.log(),
    );
    first.kill('SIGKILL');
    writeFileSync(path, whole);
    giveToServer(path);
    await lost.serve();
    await leftRecovery(server);
    expect(await rowsOf(server)).toEqual(numbers(1, 95));
  });

  it('stops recovery, never ends it, where the wrapper is killed, and goes on at the next start', async () => {
    await restored();
    const path = segment(-1);
    const whole = readFileSync(path);
    rmSync(path);
    await lost.serve();
    const server = await lost.start();
    await eventually(
      'the wrapper waits',
      () => server.log().includes('trying again'),
      () => server.log(),
    );
    const wrappers = descendants(server.child.pid ?? 0).filter((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('restore-command.sh'),
    );
    expect(wrappers.length).toBeGreaterThan(0);
    wrappers.forEach((pid) => process.kill(pid, 'SIGKILL'));
    expect(await server.exited).toBe(1);
    expect(server.log()).not.toContain('selected new timeline');
    expect(readdirSync(database.dataDirectory)).toContain('recovery.signal');
    writeFileSync(path, whole);
    giveToServer(path);
    expect(await rowsOf(await lost.recovered())).toEqual(numbers(1, 95));
  });

  it.each([
    [
      'unmounted: an empty directory in its place',
      (root: string) => {
        rmSync(join(root, '../..'), { recursive: true });
      },
    ],
    [
      'without its identity',
      (root: string) => {
        rmSync(join(root, 'STORE.json'));
      },
    ],
    [
      'with an identity that cannot be read',
      (root: string) => {
        writeFileSync(join(root, 'STORE.json'), '{"format": 1');
      },
    ],
    [
      'that is of another set',
      (root: string) => {
        writeFileSync(
          join(root, 'STORE.json'),
          readFileSync(join(root, 'STORE.json'), 'utf8').replace('"db"', '"other"'),
        );
      },
    ],
    [
      'of another system',
      (root: string) => {
        writeFileSync(
          join(root, 'STORE.json'),
          readFileSync(join(root, 'STORE.json'), 'utf8').replace(/"systemId": "\d+"/, '"systemId": "7"'),
        );
      },
    ],
  ])('stops recovery on a store %s', async (_, harm) => {
    await restored();
    harm(database.root);
    await lost.serve();
    await gaveUp();
  });

  it('does not tell a wrong major from a right one only after an hour: refused before anything is written', async () => {
    const result = await runRestoreProcess(database, database.contract({ major: 17 }));
    expect(result.reason).toBe(
      `base backup ${backups[1]?.id ?? ''} is of PostgreSQL 15, the server's image is PostgreSQL 17. Wanted: the same major; restore with an image of 15, then upgrade`,
    );
    expect(readdirSync(database.volume)).toEqual(['.pgusher']);
  });

  it('keeps the values of ALTER SYSTEM and drops recovery targets of an earlier restore', async () => {
    const older = { backup: backups[0]?.id ?? '', target: null, id: null };
    await lost.serve();
    const result = await runRestoreProcess(database, database.contract({ restore: older }));
    expect(result.output).toContain(`restoring base backup ${older.backup}`);
    expect(readFileSync(join(database.dataDirectory, 'postgresql.auto.conf'), 'utf8')).toBe(
      [
        '# Do not edit this file manually!',
        '# It will be overwritten by the ALTER SYSTEM command.',
        `# Added by pgusher when base backup ${older.backup} was restored.`,
        `restore_command = 'sh ${database.shared}/bin/restore-command.sh %f %p'`,
        "recovery_target_timeline = 'latest'",
        '',
      ].join('\n'),
    );
    expect(await rowsOf(await lost.recovered())).toEqual(numbers(1, 95));
  });

  it('converges when it is killed at any step and run again', async () => {
    const stepsTo = join(database.directory, 'steps');
    runAsServer('touch', [stepsTo]);
    expect((await runRestoreProcess(database, database.contract(), { stepsTo })).reason).toBe('');
    const reference = join(database.directory, 'reference');
    runAsServer('mv', [database.dataDirectory, reference]);
    const kills = stepsToKillAt(readFileSync(stepsTo, 'utf8').trim().split('\n'));
    expect(kills.length).toBeGreaterThan(10);
    for (const [step, what] of kills) {
      rmSync(database.shared, { recursive: true });
      runAsServer('mkdir', ['-m', '700', database.shared]);
      database.loseVolume();
      const killed = await runRestoreProcess(database, database.contract(), { killAtStep: step });
      expect(killed.signal, what).toBe('SIGKILL');
      const again = await runRestoreProcess(database, database.contract());
      expect(again.reason, `killed before ${what}`).toBe('');
      runAsServer('diff', ['-r', '--exclude=pgusher-restore.json', reference, database.dataDirectory]);
      expect(readdirSync(join(database.volume, '.pgusher')), `killed before ${what}`).toEqual([]);
    }
    await lost.serve();
    expect(await rowsOf(await lost.recovered())).toEqual(numbers(1, 95));
  });

  it('fills a PGDATA that is the mount itself entry by entry, also when it is killed in between', async () => {
    const contract = database.contract({ dataDirectory: database.volume });
    const result = await runRestoreProcess(database, contract);
    expect(result.reason).toBe('');
    // Half-way, as a kill would leave it: pg_control held back, entries in both places.
    const own = join(database.volume, '.pgusher');
    runAsServer('mkdir', ['-p', join(own, 'staging')]);
    runAsServer('mv', [join(database.volume, 'global', 'pg_control'), join(own, 'pg_control')]);
    runAsServer('mv', [join(database.volume, 'base'), join(own, 'staging', 'base')]);
    runAsServer('sh', ['-c', `echo ${database.volume} > ${join(own, 'filling')}`]);
    const again = await runRestoreProcess(database, contract);
    expect(again.output).toContain('an earlier run was moving a finished database into PGDATA: going on');
    expect(again.reason).toBe('');
    await lost.serve(contract);
    expect(await rowsOf(await lost.recovered(database.volume))).toEqual(numbers(1, 95));
  });

  it('clones from a source that cannot be written, and needs it no more afterwards', async () => {
    const contract = database.contract({
      set: 'clone',
      store: { mount: join(database.directory, 'clone-store'), prefix: 'shop/clone' },
      source: { mount: join(database.directory, 'store'), prefix: 'shop/db' },
    });
    runAsServer('mkdir', [join(database.directory, 'clone-store')]);
    const before = runAsServer('find', [database.root, '-type', 'f']);
    runAsServer('chmod', ['-R', 'a-w', database.root]);
    const result = await runRestoreProcess(database, contract, { pod: 'clone-0' });
    expect(result.reason).toBe('');
    expect(result.output).toContain('no lease in the source');
    expect(runAsServer('find', [database.root, '-type', 'f'])).toBe(before);
    runAsServer('chmod', ['-R', 'u+w', database.root]);
    rmSync(join(database.directory, 'store'), { recursive: true });
    expect(await rowsOf(await lost.recovered())).toEqual(numbers(1, 95));
    rmSync(join(database.directory, 'clone-store'), { recursive: true });
  });

  it('leaves a store with a base backup alone where it must not be restored', async () => {
    const result = await runRestoreProcess(database, database.contract({ bootstrap: 'initialize' }));
    expect(result.reason).toBe(
      `the store holds 2 base backups of system ${database.systemId}, but postgres.io/bootstrap is "initialize". Wanted: "auto" or "restore" to bring them back, or another postgres.io/backup-prefix to begin anew`,
    );
  });

  it('refuses a base backup with tablespaces: one volume has no place for them', async () => {
    const record = join(database.root, database.systemId, 'base', backups[1]?.id ?? '', 'DONE.json');
    const tablespaces = JSON.stringify([{ oid: '16390', location: '/fast/disk' }]);
    writeFileSync(record, readFileSync(record, 'utf8').replace('"tablespaces": []', `"tablespaces": ${tablespaces}`));
    expect((await runRestoreProcess(database, database.contract())).reason).toBe(
      `base backup ${backups[1]?.id ?? ''} holds tablespaces (16390 at /fast/disk), which cannot be put back into one volume. Restore it by hand, or choose another with postgres.io/restore-backup`,
    );
  });

  it('refuses a restore that the volume has no room for', async () => {
    const record = join(database.root, database.systemId, 'base', backups[1]?.id ?? '', 'DONE.json');
    copyFileSync(record, `${record}.kept`);
    writeFileSync(record, readFileSync(record, 'utf8').replace(/"size": \d+/, `"size": ${2 ** 50}`));
    const result = await runRestoreProcess(database, database.contract());
    expect(result.reason).toMatch(/free, the restore needs \d+\.\d TiB .* Use a larger volume$/);
  });
});

/**
 * Of the steps of a whole restore (kill-at-step.ts) those to kill it at, by number and name: each that puts something into
 * its place or takes it away, and eight more, which lie in the staged database.
 */
function stepsToKillAt(steps: readonly string[]): [number, string][] {
  const every = Math.floor(steps.length / 8);
  return steps
    .map((what, index): [number, string] => [index + 1, what])
    .filter(
      ([number, what]) =>
        number % every === 0 || (/^(rename|link|rm) /.test(what) && !/\/(staging|shared\/bin)\//.test(what)),
    );
}
