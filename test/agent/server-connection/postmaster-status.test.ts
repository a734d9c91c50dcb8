import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { whyNotAsked } from '../../../src/agent/server-connection/postmaster-status.ts';

/** As PostgreSQL 15 writes it; the last line is padded to eight. */
const file = (status: string): string =>
  `1\n/var/lib/postgresql/data/pgdata\n1764504000\n5432\n/var/run/postgresql\n*\n   983041    327682\n${status}`;

it.each([
  ['starting', 'the database system is starting up'],
  ['stopping', 'the database system is shutting down'],
  ['ready   ', null],
  ['standby ', null],
])('a server that says "%s" of itself', async (status, words) => {
  const directory = await mkdtemp(join(tmpdir(), 'pgusher-postmaster-'));
  expect(await whyNotAsked(directory)).toBeNull();
  await writeFile(join(directory, 'postmaster.pid'), `${file(status)}\n`);
  expect(await whyNotAsked(directory)).toBe(words);
  // Of a server that has just begun.
  await writeFile(join(directory, 'postmaster.pid'), '');
  expect(await whyNotAsked(directory)).toBe('the database system is starting up');
  await writeFile(join(directory, 'postmaster.pid'), '1\n/var/lib/postgresql/data/pgdata\n1764504000\n5432\n');
  expect(await whyNotAsked(directory)).toBe('the database system is starting up');
  await rm(directory, { recursive: true });
});

it('a database without postmaster.pid has no server, and is not asked while one may be opening its port', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'pgusher-postmaster-'));
  expect(await whyNotAsked(directory)).toBeNull();
  await writeFile(join(directory, 'PG_VERSION'), '17\n');
  expect(await whyNotAsked(directory)).toBe('the server has not been started yet');
  await rm(directory, { recursive: true });
  expect(await whyNotAsked(directory)).toBeNull();
});
