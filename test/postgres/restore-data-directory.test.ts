import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { giveToServer, initialise, runAsServer } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import type { DatabaseWithStore } from './support/database-with-store.ts';
import { numbers, rowsOf, runRestoreProcess } from './support/database-with-store.ts';
import { lostDatabase } from './support/lost-database.ts';

/** By what lies on the volume, with a store that holds backups: nothing that is there is ever written over. */
describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup'))('restore on a volume that holds', () => {
  let database: DatabaseWithStore;
  const lost = lostDatabase('volume', async (made) => {
    database = made;
    await database.begin();
    await database.write(1, 10);
    database.backup();
    await database.write(11, 15);
    await database.received();
    database.move();
  });

  /** Name, kind, size, time and mode of everything but our own folder. */
  function snapshot(): string {
    const own = join(database.volume, '.pgusher');
    return runAsServer('find', [
      ...[database.volume, '-mindepth', '1', '-path', own, '-prune'],
      ...['-o', '-printf', '%p %y %s %T@ %m\n'],
    ]);
  }

  function decision(): string {
    return readFileSync(join(database.shared, 'decision'), 'utf8');
  }

  /** Runs it, and proves that it changed nothing. @returns the reason. */
  async function refusal(): Promise<string> {
    const before = snapshot();
    const result = await runRestoreProcess(database, database.contract());
    expect(result.code).toBe(1);
    expect(snapshot()).toBe(before);
    expect(() => decision()).toThrow('ENOENT');
    return result.reason;
  }

  it('its database: it is started as it is', async () => {
    await lost.restore();
    await lost.serve();
    const first = await lost.recovered();
    await first.sql("INSERT INTO rows VALUES (16, '')");
    await first.stop();
    const before = snapshot();
    expect((await runRestoreProcess(database, database.contract())).reason).toBe('');
    expect(decision()).toMatch(/^action=start\nrole=primary\narchive=yes\n/);
    expect(snapshot()).toBe(before);
    expect(await rowsOf(await lost.recovered())).toEqual(numbers(1, 16));
  });

  it('a database of another system: it is started, and nothing of it goes into the store', async () => {
    initialise({ dataDirectory: database.dataDirectory });
    const before = snapshot();
    const result = await runRestoreProcess(database, database.contract());
    expect(result.code).toBe(0);
    expect(decision()).toMatch(/^action=start\nrole=primary\narchive=no\n/);
    expect(result.output).toContain(database.systemId);
    expect(snapshot()).toBe(before);
  });

  it('files that are no database: it is left alone, and they are named', async () => {
    mkdirSync(database.dataDirectory);
    writeFileSync(join(database.dataDirectory, 'dump.sql'), 'SELECT 1');
    giveToServer(database.dataDirectory);
    expect(await refusal()).toBe(
      `${database.dataDirectory} holds no database (no global/pg_control), but it holds dump.sql. Wanted: a database in PGDATA, or nothing at all; nothing was changed. Move it away, or name its place with postgres.io/data-directory`,
    );
  });

  it('a database at its root, where PGDATA is a folder below', async () => {
    runAsServer('rmdir', [database.volume]);
    initialise({ dataDirectory: database.volume });
    expect(await refusal()).toContain(
      `${database.dataDirectory} is empty, but there is a database in ${database.volume} on the same volume. Wanted: `,
    );
  });

  it('a database whose control file is gone, or is nothing but zeros', async () => {
    initialise({ dataDirectory: database.dataDirectory });
    const control = join(database.dataDirectory, 'global', 'pg_control');
    writeFileSync(control, Buffer.alloc(8192));
    expect(await refusal()).toContain(`${database.dataDirectory}: `);
    runAsServer('rm', [control]);
    expect(await refusal()).toContain('holds no database (no global/pg_control), but it holds PG_VERSION, base, ');
  });

  it('a database without PG_VERSION', async () => {
    initialise({ dataDirectory: database.dataDirectory });
    runAsServer('rm', [join(database.dataDirectory, 'PG_VERSION')]);
    expect(await refusal()).toContain('holds no database (no PG_VERSION), but it holds base, ');
  });
});
