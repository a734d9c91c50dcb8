import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isSegmentName } from '../../src/agent/store/wal-name.ts';
import { keptSlot } from './database.ts';
import type { BenchDatabase } from './database.ts';

const wanted = 64;

/** Makes 64 segments of WAL as a busy server writes it right after checkpoints: mostly full-page images. */
export async function makeWal(database: BenchDatabase): Promise<readonly string[]> {
  const { server } = database;
  await server.sql('CHECKPOINT');
  const [slot] = await server.sql<{ name: string }>(
    `SELECT pg_walfile_name(restart_lsn) AS name FROM pg_replication_slots WHERE slot_name = '${keptSlot}'`,
  );
  for (;;) {
    // One row of each page.
    await server.sql('UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid % 61 = 0');
    const segments = await finishedSegments(database, slot?.name ?? '');
    // The base backup, from which they are replayed, begins a few later.
    if (segments.length >= wanted + 8) {
      return segments.slice(0, wanted);
    }
    await server.sql('CHECKPOINT');
  }
}

/** The finished segments from `first` on that the server still holds, in order. */
export async function finishedSegments(database: BenchDatabase, first: string): Promise<string[]> {
  const [now] = await database.server.sql<{ name: string }>('SELECT pg_walfile_name(pg_current_wal_lsn()) AS name');
  return readdirSync(join(database.dataDirectory, 'pg_wal'))
    .filter((name) => isSegmentName(name) && name >= first && name < (now?.name ?? ''))
    .sort();
}
