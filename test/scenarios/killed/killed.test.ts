import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { killPod } from '../../../scripts/cluster/processes.ts';
import { verifiedBackup } from '../support/backups.ts';
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
    await loseData(here, 'db-0');
    let interrupted = 0;
    for (const moment of [100, 600, 1200]) {
      const next = await until('a restore that runs, or its end', 60_000, restoring);
      if (next === 'ready') break;
      await pause(moment);
      if ((await restoring()) === 'running') interrupted += 1;
      await killAll();
    }
    expect(interrupted).toBeGreaterThan(0);
    await here.ready('db-0');
    expect(await here.sql('db-0', rows)).toBe(whole);
  });

  /** A machine under load gives a restore that is over before a later moment comes. */
  async function restoring(): Promise<'running' | 'ready' | undefined> {
    const restore = '.status.initContainerStatuses[?(@.name=="pgusher-restore")].state.running.startedAt';
    const [started = '', isReady = ''] = (
      await here.get('pod/db-0', `${restore}}|{.status.conditions[?(@.type=="Ready")].status`)
    ).split('|');
    return started !== '' ? 'running' : isReady === 'True' ? 'ready' : undefined;
  }
});
