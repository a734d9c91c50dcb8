import { beforeAll, describe, expect, test } from 'vitest';
import { verifiedBackup } from '../support/backups.ts';
import { noCluster } from '../support/cluster.ts';
import { loseData } from '../support/lose-data.ts';
import { scenario } from '../support/scenario.ts';
import { until } from '../../../scripts/cluster/until.ts';

/** A database that ran for years without us, with its data at the root of the volume, gets the label. */
describe.skipIf(noCluster)('adoption', () => {
  const here = scenario(import.meta.dirname);
  const count = 'SELECT count(*) FROM kept';

  beforeAll(async () => {
    await here.apply('statefulset.yaml');
    await here.ready('db-0');
    // Without a probe it is Ready before it takes anybody, and the image's temporary server listens on the socket at first.
    await until('a database', 60_000, async () => {
      const log = await here.kubectl(['logs', 'db-0']);
      return /listening on IPv4/.test(log) ? await here.sql('db-0', 'SELECT 1') : undefined;
    });
    await here.sql('db-0', 'CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n');
    await here.apply('backups.yaml');
  });

  test('is one restart, with the data intact', async () => {
    const uid = await here.ready('db-0');
    const generation = Number(await here.get('statefulset/db', '.metadata.generation'));
    const patch = {
      metadata: { labels: { 'postgres.io/managed': 'true' }, annotations: { 'postgres.io/backup-claim': 'backups' } },
    };
    const answer = await here.kubectl.attempt([
      'patch',
      'statefulset',
      'db',
      '--type=merge',
      '-p',
      JSON.stringify(patch),
    ]);
    expect(answer.stderr).toContain('restarts the pods');
    await here.ready('db-0', uid);
    expect(await here.sql('db-0', count)).toBe('1000');
    expect(Number(await here.get('statefulset/db', '.metadata.generation'))).toBe(generation + 1);
  });

  test('backs it up, and brings it back after its volume was lost', async () => {
    await verifiedBackup(here, 'db-0');
    await here.ready('db-0', await loseData(here, 'db-0'));
    expect(await here.sql('db-0', count)).toBe('1000');
  });
});
