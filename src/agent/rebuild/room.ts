import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { notOfAnybody } from '../decision/data-directory-state.ts';
import { connectAsReplication } from '../server-connection/server-connection.ts';
import type { Credentials } from '../server-connection/credentials.ts';
import type { ServerAddress } from '../server-connection/server-address.ts';
import { readFreeSpace } from '../store/free-space.ts';

/** Bytes that a copy takes, and those that the volume has for it. */
export interface Room {
  readonly needed: number;
  readonly free: number;
}

/** WAL that comes while the copy is made, and what is no database: a few segments at least. */
export const besides = 64 * 1024 * 1024;

/** A few blocks that are counted in another way must not turn a copy away. */
export async function roomForCopy(
  volume: string,
  dataDirectory: string,
  primary: ServerAddress,
  credentials: Credentials,
): Promise<Room> {
  const [asked, { free }] = await Promise.all([sizeOfDatabases(primary, credentials), readFreeSpace(volume)]);
  return { needed: (asked ?? (await bytesIn(dataDirectory))) + besides, free };
}

/** Null where the primary does not say it to the superuser of this pod: it may have another password, or let it in from nowhere. */
async function sizeOfDatabases(primary: ServerAddress, credentials: Credentials): Promise<number | null> {
  const attempt = await connectAsReplication(primary, credentials);
  if (attempt.kind !== 'connected') {
    return null;
  }
  try {
    const [row] = await attempt.connection.query<{ bytes: string }>(
      'SELECT pg_catalog.sum(pg_catalog.pg_database_size(oid))::text AS bytes FROM pg_catalog.pg_database',
    );
    return row === undefined ? null : Number(row.bytes);
  } catch {
    return null;
  } finally {
    await attempt.connection.close();
  }
}

/** Of a data directory, without its WAL; what goes meanwhile counts nothing. */
export async function bytesIn(directory: string): Promise<number> {
  let bytes = 0;
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      bytes += entry.name === 'pg_wal' || notOfAnybody.has(entry.name) ? 0 : await bytesIn(path);
    } else if (entry.isFile()) {
      bytes += await lstat(path).then(
        ({ blocks }) => blocks * 512,
        () => 0,
      );
    }
  }
  return bytes;
}
