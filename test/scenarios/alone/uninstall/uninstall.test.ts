import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { join } from 'node:path';
import { install, untilInstalled } from '../../../../scripts/cluster/install.ts';
import { timeout } from '../../../../scripts/cluster/patience.ts';
import { kubectl, noCluster } from '../../support/cluster.ts';
import { loseData } from '../../support/lose-data.ts';
import { scenario } from '../../support/scenario.ts';
import { verifiedBackup } from '../../support/backups.ts';

const manifests = join(import.meta.dirname, '..', '..', '..', '..', 'manifests');

/** docs/install.md, "Removing it": what runs goes on, is backed up and comes back, and nothing blocks. */
describe.skipIf(noCluster)('pgusher uninstalled', () => {
  const here = scenario(import.meta.dirname);

  beforeAll(async () => {
    await here.apply('statefulset.yaml');
    await here.ready('db-0');
    await here.sql('db-0', 'CREATE TABLE kept AS SELECT generate_series(1, 100) AS n');
    await verifiedBackup(here, 'db-0');
  });
  afterAll(async () => {
    await install(kubectl);
    await untilInstalled(kubectl);
  });

  test('goes without a word', async () => {
    await kubectl(['delete', 'mutatingwebhookconfiguration,validatingwebhookconfiguration', 'zz-pgusher']);
    await kubectl(['delete', '-k', manifests, '--ignore-not-found', timeout(120)]);
  });

  test('the database runs on, and its set can be changed', async () => {
    expect(await here.sql('db-0', 'SELECT count(*) FROM kept')).toBe('100');
    await here.kubectl(['annotate', 'statefulset', 'db', 'example.org/note=changed']);
  });

  test('it even comes back after its volume was lost', async () => {
    await here.ready('db-0', await loseData(here, 'db-0'));
    expect(await here.sql('db-0', 'SELECT count(*) FROM kept')).toBe('100');
  });
});
