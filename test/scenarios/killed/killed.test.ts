import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { killPod, runsInPod } from '../../../scripts/cluster/processes.ts';
import { agentOf, verifiedBackup } from '../support/backups.ts';
import { isForeign, noCluster } from '../support/cluster.ts';
import { loseData } from '../support/lose-data.ts';
import { scenario } from '../support/scenario.ts';
import { until } from '../../../scripts/cluster/until.ts';

/** SIGKILL for every process of the pod, at any moment: what comes up again is complete. */
describe.skipIf(noCluster || isForeign)('containers that are killed', () => {
  const here = scenario(import.meta.dirname);
  const rows = 'SELECT count(*), sum(n), md5(string_agg(text, NULL ORDER BY n)) FROM kept';
  let whole: string;

  beforeAll(async () => {
    await here.apply('statefulset.yaml');
    await here.ready('db-0');
    // So much that a restore takes a second or two.
    await here.sql(
      'db-0',
      'CREATE TABLE kept AS SELECT n, repeat(md5(n::text), 8) AS text FROM generate_series(1, 1000000) AS n',
    );
    whole = await here.sql('db-0', rows);
    await verifiedBackup(here, 'db-0');
    await pause(1500);
  });

  async function killAll(): Promise<void> {
    killPod(await here.get('pod/db-0', '.metadata.uid'));
  }

  test('in the middle of work', async () => {
    await killAll();
    await until('the containers to have been started again', 60_000, async () =>
      (await here.get('pod/db-0', '.status.containerStatuses[0].restartCount')) === '0' ? undefined : true,
    );
    await here.ready('db-0');
    expect(await here.sql('db-0', rows)).toBe(whole);
  });

  test('in the middle of a restore, at several moments', async () => {
    // All rows in the base backup, so that it takes a second to unpack.
    await agentOf(here, 'db-0', 'backup', 'now');
    const before = await loseData(here, 'db-0');
    const uid = await until('the new pod', 60_000, async () => {
      const now = await here.get('pod/db-0', '.metadata.uid');
      return now === before ? undefined : now;
    });
    let interrupted = 0;
    for (const moment of [0, 300, 600]) {
      // The apiserver hears of a container a second late.
      const next = await until('a restore that runs, or its end', 60_000, async () =>
        runsInPod(uid, restore) ? 'runs' : (await here.isReady('db-0')) ? 'over' : undefined,
      );
      if (next === 'over') break;
      await pause(moment);
      if (runsInPod(uid, restore)) interrupted += 1;
      await killAll();
      await until('the end of what was killed', 60_000, () => Promise.resolve(!runsInPod(uid, restore) || undefined));
    }
    expect(interrupted).toBeGreaterThan(0);
    await here.ready('db-0');
    expect(await here.sql('db-0', rows)).toBe(whole);
    console.log(`killed in ${interrupted} restores`);
  });

  const restore = /pgusher\S* .*\brestore $/;
});
