import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isSegmentName } from '../../src/agent/store/wal-name.ts';
import type { BenchDatabase } from './database.ts';

/** The finished segments from `first` on that the server still holds, in order. */
export async function finishedSegments(database: BenchDatabase, first: string): Promise<string[]> {
  const [now] = await database.server.sql<{ name: string }>('SELECT pg_walfile_name(pg_current_wal_lsn()) AS name');
  return readdirSync(join(database.dataDirectory, 'pg_wal'))
    .filter((name) => isSegmentName(name) && name >= first && name < (now?.name ?? ''))
    .sort();
}
