import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noCluster } from '../support/cluster.ts';
import { scenario } from '../support/scenario.ts';
import { until } from '../../../scripts/cluster/until.ts';
import { heldRows, lost, startWriters, table } from '../support/writers.ts';
import type { Writers } from '../support/writers.ts';

const rounds = 20;

/** kubectl delete pod, again and again, while eight connections commit row after row. */
describe.skipIf(noCluster)('a pod that is deleted under writers', () => {
  const here = scenario(import.meta.dirname);
  let writers: Writers;

  beforeAll(async () => {
    await here.apply('statefulset.yaml');
    await here.ready('db-0');
    await here.sql('db-0', table);
    writers = startWriters(8, () => here.get('pod/db-0', '.status.podIP'));
  });
  afterAll(async () => {
    await writers.stop();
  });

  test.each(Array.from({ length: rounds }, (_, round) => round + 1))(
    'every acknowledged row is there after restart %i',
    async () => {
      const before = writers.acknowledged.length;
      await until('writers that write', 60_000, async () =>
        writers.acknowledged.length > before + 80 ? true : undefined,
      );
      const uid = await here.get('pod/db-0', '.metadata.uid');
      await here.kubectl(['delete', 'pod', 'db-0', '--wait=false']);
      await here.ready('db-0', uid);
      // What was acknowledged before the question is in the answer, or lost.
      const asked = Date.now();
      expect(lost(writers, await here.sql('db-0', heldRows), asked)).toEqual([]);
    },
  );

  test('no hook failed, and no container had to be killed', async () => {
    const events = await here.kubectl([
      'get',
      'events',
      '-o',
      'jsonpath={range .items[*]}{.reason} {.message}{"\\n"}{end}',
    ]);
    // A probe that was under way when its container ended counts as a failed one ("Unhealthy"): it ends nothing. What the
    // kubelet ends for its probes, it says so ("failed liveness probe, will be restarted").
    expect(events).not.toMatch(/FailedPreStopHook|FailedKillPod|FailedPostStartHook|will be restarted/i);
    expect(await here.get('pod/db-0', '.status.containerStatuses[*].restartCount')).toBe('0');
    expect(await here.get('pod/db-0', '.status.initContainerStatuses[*].restartCount')).toMatch(/^0( 0)*$/);
  });
});
