import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDataDirectoryState } from '../../../src/agent/decision/data-directory-state.ts';

describe('what lies in PGDATA', () => {
  let mount: string;
  let data: string;

  beforeEach(() => {
    mount = mkdtempSync(join(tmpdir(), 'pgusher-state-'));
    data = join(mount, 'pgdata');
  });

  afterEach(() => {
    chmodSync(mount, 0o700);
    rmSync(mount, { recursive: true });
  });

  function put(path: string, content: string | Buffer = ''): void {
    mkdirSync(join(mount, path, '..'), { recursive: true });
    writeFileSync(join(mount, path), content);
  }

  /** pg_control as far as it is read: system 7, timeline 3, segments of 16 MB, shut down. */
  function control(): Buffer {
    const bytes = Buffer.alloc(8192);
    bytes.writeBigUInt64LE(7n, 0);
    bytes.writeUInt32LE(1, 16);
    bytes.writeUInt32LE(3, 48);
    bytes.writeUInt32LE(16_777_216, 228);
    return bytes;
  }

  it('is empty where it is not there, and where mkfs and we alone have been', async () => {
    expect(await readDataDirectoryState(data, mount)).toEqual({ kind: 'EMPTY' });
    mkdirSync(join(mount, 'lost+found'));
    put('.pgusher/lock');
    expect(await readDataDirectoryState(data, mount)).toEqual({ kind: 'EMPTY' });
    expect(await readDataDirectoryState(mount, mount)).toEqual({ kind: 'EMPTY' });
  });

  it('is valid with PG_VERSION and a control file that can be read', async () => {
    put('pgdata/PG_VERSION', '15\n');
    put('pgdata/global/pg_control', control());
    put('pgdata/recovery.signal');
    expect(await readDataDirectoryState(data, mount)).toEqual({
      kind: 'VALID',
      major: 15,
      control: {
        systemId: '7',
        timeline: 3,
        checkpoint: 0n,
        redo: 0n,
        writtenAt: 0,
        segmentSize: 16_777_216,
        shutDown: true,
        inRecovery: false,
        hintBitsLogged: false,
      },
      signal: 'recovery',
    });
  });

  it('is newer than this agent with a control file of a version that it does not know', async () => {
    const bytes = control();
    bytes.writeUInt32LE(2003, 8);
    put('pgdata/PG_VERSION', '20\n');
    put('pgdata/global/pg_control', bytes);
    const state = await readDataDirectoryState(data, mount);
    expect(state.kind).toBe('NEWER');
    expect(state.kind === 'NEWER' ? state.found : '').toMatch(
      /holds a database of PostgreSQL 20: pg_control is of version 2003, .*agent-image/,
    );
  });

  it.each([
    ['no control file', ['pgdata/PG_VERSION'], 'holds no database (no global/pg_control), but it holds PG_VERSION'],
    ['no PG_VERSION', ['pgdata/notes.txt'], 'holds no database (no global/pg_control), but it holds notes.txt'],
  ])('is foreign with %s', async (_, files, found) => {
    files.forEach((file) => {
      put(file, '15\n');
    });
    expect(await readDataDirectoryState(data, mount)).toEqual({ kind: 'FOREIGN', found: `${data} ${found}` });
  });

  it('is foreign with a control file of zeros', async () => {
    put('pgdata/PG_VERSION', '15\n');
    put('pgdata/global/pg_control', Buffer.alloc(8192));
    expect(await readDataDirectoryState(data, mount)).toEqual({
      kind: 'FOREIGN',
      found: `${data}: pg_control cannot be read: system 0, timeline 0, segment size 0 bytes`,
    });
  });

  it.each(['', '15/docker/', 'a/b/c/'])(
    'is foreign where a database lies in "%s" of the same volume',
    async (place) => {
      put(`${place}PG_VERSION`, '15\n');
      put(`${place}global/pg_control`, control());
      const where = place === '' ? mount : join(mount, place).replace(/\/$/, '');
      expect(await readDataDirectoryState(data, mount)).toEqual({
        kind: 'FOREIGN',
        found: `${data} is empty, but there is a database in ${where} on the same volume`,
      });
    },
  );

  it('is ours to take back while the image initialises it, as far as that is the database that it was making', async () => {
    put('.pgusher/initialising', `data_directory=${data}\nmade=yes\n`);
    expect(await readDataDirectoryState(data, mount)).toEqual({ kind: 'EMPTY' });
    put('.pgusher/initialising', `data_directory=${data}\nmade=yes\nsystem=7\n`);
    put('pgdata/PG_VERSION', '15\n');
    put('pgdata/global/pg_control', control());
    expect(await readDataDirectoryState(data, mount)).toEqual({ kind: 'OURS-PARTIAL', remedy: 'take-back' });
    const another = control();
    another.writeBigUInt64LE(8n, 0);
    put('pgdata/global/pg_control', another);
    expect(await readDataDirectoryState(data, mount)).toMatchObject({
      kind: 'FOREIGN',
      found: expect.stringContaining('is not what it made (system 8)') as string,
    });
    put('.pgusher/initialising', `data_directory=${data}\n`);
    expect(await readDataDirectoryState(data, mount)).toMatchObject({ kind: 'FOREIGN' });
  });

  it('is ours to clear where a staging directory was left, and to finish where it was being moved in', async () => {
    put('.pgusher/staging/PG_VERSION', '15\n');
    expect(await readDataDirectoryState(data, mount)).toEqual({ kind: 'OURS-PARTIAL', remedy: 'clear' });
    put('.pgusher/filling', data);
    expect(await readDataDirectoryState(data, mount)).toEqual({ kind: 'OURS-PARTIAL', remedy: 'finish' });
  });
});
