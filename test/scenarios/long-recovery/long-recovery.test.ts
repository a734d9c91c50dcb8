import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../../scripts/cluster/until.ts';
import { verifiedBackup } from '../support/backups.ts';
import { noCluster } from '../support/cluster.ts';
import { loseData } from '../support/lose-data.ts';
import { scenario } from '../support/scenario.ts';

/** Much WAL since the base backup, and little CPU to replay it: no probe ends it, and nobody is served before its end. */
describe.skipIf(noCluster)('a long recovery', () => {
  const here = scenario(import.meta.dirname);
  const count = 'SELECT count(*), sum(touched) FROM kept';

  beforeAll(async () => {
    await here.apply('statefulset.yaml');
    await here.ready('db-0');
    await verifiedBackup(here, 'db-0');
    await here.sql('db-0', 'CREATE TABLE kept AS SELECT n, 0 AS touched FROM generate_series(1, 500000) AS n');
    for (let time = 0; time < 3; time += 1) await here.sql('db-0', 'UPDATE kept SET touched = touched + 1');
    const uid = await here.ready('db-0');
    const server = { name: 'postgres', resources: { limits: { cpu: '100m' }, requests: { cpu: '50m' } } };
    const patch = { spec: { template: { spec: { containers: [server] } } } };
    await here.kubectl(['patch', 'statefulset', 'db', '-p', JSON.stringify(patch)]);
    await here.ready('db-0', uid);
  });

  test('is not ended by a probe, and the pod is not ready before its end', async () => {
    await loseData(here, 'db-0');
    const seen: boolean[] = [];
    await until('the end of the recovery', 300_000, async () => {
      const isReady = await here.isReady('db-0').catch(() => false);
      const recovering = await here.sql('db-0', 'SELECT pg_is_in_recovery()').catch(() => '');
      // Ready was asked first: a recovery that goes on after that was never Ready.
      if (recovering === 't') seen.push(isReady);
      await pause(300);
      return isReady || undefined;
    });
    expect(seen.length).toBeGreaterThan(5);
    expect(seen).not.toContain(true);
    expect(await here.get('pod/db-0', '.status.containerStatuses[*].restartCount')).toBe('0');
    expect(await here.sql('db-0', count)).toBe('500000|1500000');
  });
});
