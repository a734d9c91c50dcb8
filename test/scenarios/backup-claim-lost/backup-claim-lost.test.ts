import { beforeAll, describe, expect, test } from 'vitest';
import { verifiedBackup } from '../support/backups.ts';
import { noCluster } from '../support/cluster.ts';
import { deleteClaim } from '../support/delete-claim.ts';
import { loseData } from '../support/lose-data.ts';
import { scenario } from '../support/scenario.ts';
import { until } from '../../../scripts/cluster/until.ts';

/** The claim with the backups goes away or comes back empty: a good database is never kept down by it, and a new one is never made in its place. */
describe.skipIf(noCluster)('a backup claim that is lost', () => {
  const here = scenario(import.meta.dirname);

  beforeAll(async () => {
    await here.apply('backups.yaml');
    await here.apply('statefulset.yaml');
    await here.ready('db-0');
    await here.sql('db-0', 'CREATE TABLE kept AS SELECT generate_series(1, 100) AS n');
    await verifiedBackup(here, 'db-0');
  });

  test('without the claim and without its volume the pod does not start', async () => {
    const uid = await here.get('pod/db-0', '.metadata.uid');
    const data = await here.get('pvc/data-db-0', '.metadata.uid');
    await deleteClaim(here, 'backups');
    await here.kubectl(['delete', 'pod', 'db-0']);
    await until('a pod that waits for the claim', 60_000, async () => {
      const [now, why = ''] = (
        await here.get('pod/db-0', '.metadata.uid} {.status.conditions[?(@.type=="PodScheduled")].message')
      ).split(/ (.*)/s);
      return now !== uid && why.includes('persistentvolumeclaim "backups" not found') ? now : undefined;
    });
    expect(await here.get('pvc/data-db-0', '.metadata.uid')).toBe(data);
  });

  test('with an empty claim in its place it starts with its data, and is backed up anew', async () => {
    await here.apply('backups.yaml');
    await here.ready('db-0');
    expect(await here.sql('db-0', 'SELECT count(*) FROM kept')).toBe('100');
    await verifiedBackup(here, 'db-0');
  });

  test('with an empty claim, no data and bootstrap: restore it stays down and says why', async () => {
    const uid = await here.ready('db-0');
    await here.kubectl(['annotate', 'statefulset', 'db', 'postgres.io/bootstrap=restore']);
    await here.ready('db-0', uid);
    await deleteClaim(here, 'backups');
    await loseData(here, 'db-0');
    await until('the old claim to be gone', 60_000, async () =>
      (await here.kubectl.attempt(['get', 'pvc', 'backups'])).status === 0 ? undefined : true,
    );
    await here.apply('backups.yaml');
    const message = await until('a message of pgusher-restore', 120_000, async () => {
      const restore = '.status.initContainerStatuses[?(@.name=="pgusher-restore")]';
      const text = await here.get(
        'pod/db-0',
        `${restore}.lastState.terminated.message} {${restore}.state.terminated.message`,
      );
      return text.trim() === '' ? undefined : text;
    });
    expect(message).toContain('bootstrap');
    expect(await here.get('pod/db-0', '.status.containerStatuses[?(@.name=="postgres")].started')).toBe('false');
  });
});
