import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { verifiedBackup } from '../support/backups.ts';
import { noCluster } from '../support/cluster.ts';
import { loseData } from '../support/lose-data.ts';
import { scenario } from '../support/scenario.ts';

/** Two annotations and a lost volume: back to a time between two tables. */
describe.skipIf(noCluster)('a restore to a point in time', () => {
  const here = scenario(import.meta.dirname);
  const tables = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_stat_user_tables";
  let between: string;

  beforeAll(async () => {
    await here.apply('statefulset.yaml');
    await here.ready('db-0');
    await verifiedBackup(here, 'db-0');
    await here.sql('db-0', 'CREATE TABLE wanted AS SELECT 1 AS n');
    await pause(1000);
    between = await here.sql('db-0', 'SELECT now()');
    await pause(1000);
    await here.sql('db-0', 'CREATE TABLE mistake AS SELECT 1 AS n');
    // The commit that says that the target was reached has to be in the backup.
    await pause(1500);
  });

  test('ends between the two tables', async () => {
    const uid = await here.ready('db-0');
    const annotations = [`postgres.io/restore-target-time=${between}`, 'postgres.io/restore-id=before-the-mistake'];
    // The annotations change the pod: it is restarted once, with its data as it is.
    await here.kubectl(['annotate', 'statefulset', 'db', ...annotations]);
    await here.ready('db-0', uid);
    expect(await here.sql('db-0', tables)).toBe('mistake wanted');
    await here.ready('db-0', await loseData(here, 'db-0'));
    expect(await here.sql('db-0', tables)).toBe('wanted');
  });

  test('happens once: with the annotations still there, the latest state comes back', async () => {
    await here.sql('db-0', 'CREATE TABLE later AS SELECT 1 AS n');
    await verifiedBackup(here, 'db-0');
    await pause(1500);
    await here.ready('db-0', await loseData(here, 'db-0'));
    expect(await here.sql('db-0', tables)).toBe('later wanted');
    expect(await here.kubectl(['logs', 'db-0', '-c', 'pgusher-restore'])).toContain('was carried out at');
  });
});
