import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { patience } from '../../../../scripts/cluster/patience.ts';
import { killPod } from '../../../../scripts/cluster/processes.ts';
import { verifiedBackup } from '../../support/backups.ts';
import { isForeign, noCluster } from '../../support/cluster.ts';
import { deleteClaim } from '../../support/delete-claim.ts';
import { scenario } from '../../support/scenario.ts';
import { until } from '../../../../scripts/cluster/until.ts';
import { heldRows, lost, startWriters, table } from '../../support/writers.ts';

/** Everything but the backup claim is destroyed in the middle of writing: pod, data claim, volume. */
describe.skipIf(noCluster || isForeign)('a volume that is lost under writers', () => {
  const here = scenario(import.meta.dirname);

  beforeAll(async () => {
    await here.apply('statefulset.yaml');
    await here.ready('db-0');
    await here.sql('db-0', table);
    await verifiedBackup(here, 'db-0');
  });

  test.each([1, 2])('every row that was committed more than a second before is back, time %i', async () => {
    await here.sql('db-0', 'TRUNCATE written');
    const writers = startWriters(8, () => here.get('pod/db-0', '.status.podIP'));
    await until('writers that write', 60_000, async () => (writers.acknowledged.length > 400 ? true : undefined));
    const uid = await here.get('pod/db-0', '.metadata.uid');
    const claim = await here.get('pvc/data-db-0', '.metadata.uid');
    await deleteClaim(here, 'data-db-0');
    // Until the scheduler has heard of it too: it would give the next pod the claim that is going away.
    await pause(500);

    // As when the node loses power: nothing of the pod gets to say a word.
    const killed = Date.now();
    killPod(uid);
    await Promise.all([here.kubectl(['delete', 'pod', 'db-0', '--grace-period=0', '--force']), writers.stop()]);

    await here.ready('db-0', uid);
    expect(await here.get('pvc/data-db-0', '.metadata.uid')).not.toBe(claim);
    expect(writers.acknowledged.length).toBeGreaterThan(400);
    expect(lost(writers, await here.sql('db-0', heldRows), killed - 1000 * patience)).toEqual([]);
    console.log(
      `${lost(writers, await here.sql('db-0', heldRows)).length} of ${writers.acknowledged.length} rows lost in all`,
    );
  });
});
