import type { BaseBackupRecord } from '../../../src/agent/store/layout.ts';
import type { DatabaseWithStore } from './database-with-store.ts';

/**
 * Rows 1 to 95, two base backups, after row 30 and after row 60, and WAL of each kind: compressed in two ways, and an
 * unfinished segment with the last five rows.
 */
export async function twoBackups(database: DatabaseWithStore): Promise<readonly BaseBackupRecord[]> {
  await database.begin();
  await database.write(1, 30);
  const first = database.backup('zstd');
  await database.write(31, 60);
  await database.received();
  database.move('gzip');
  const second = database.backup('gzip');
  await database.write(61, 95);
  await database.received();
  database.move();
  return [first, second];
}
