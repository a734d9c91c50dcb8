import { beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../../scripts/cluster/until.ts';
import { noCluster } from '../support/cluster.ts';
import { scenario } from '../support/scenario.ts';
import type { Writers } from '../support/writers.ts';
import { heldRows, lost, startWriters, table } from '../support/writers.ts';

const standbys = ['db-1', 'db-2'] as const;

/** Standbys come and go while eight clients write; the primary never notices. */
describe.skipIf(noCluster)('a set that is scaled under writers', () => {
  const here = scenario(import.meta.dirname);
  let writers: Writers;
  const scale = (replicas: number): Promise<string> =>
    here.kubectl(['scale', 'statefulset', 'db', `--replicas=${replicas}`]);
  const slots = (which: string): Promise<string> =>
    here.sql(
      'db-0',
      `SELECT string_agg(slot_name, ' ' ORDER BY slot_name) FROM pg_replication_slots WHERE ${which} AND slot_name LIKE 'pgusher\\_db\\_%'`,
    );
  const untilStreaming = async (): Promise<void> => {
    for (const pod of standbys) await here.ready(pod);
    await until('both to stream', 180_000, async () =>
      (await slots('active')) === 'pgusher_db_1 pgusher_db_2' ? true : undefined,
    );
  };
  const untilMore = (rows: number): Promise<unknown> => {
    const before = writers.acknowledged.length;
    return until('writers that go on', 120_000, async () =>
      writers.acknowledged.length > before + rows ? true : undefined,
    );
  };

  beforeAll(async () => {
    await here.apply('statefulset.yaml');
    await here.ready('db-0');
    await here.sql('db-0', table);
    const address = await here.get('service/db-rw', '.spec.clusterIP');
    writers = startWriters(8, () => Promise.resolve(address));
    await untilMore(200);
  });

  test('from one to three: each new pod copies the primary and streams, with a slot that is its own', async () => {
    await scale(3);
    await untilStreaming();
    await untilMore(200);
  });

  test('to one again: the slots stay until a person drops them, and nothing else does', async () => {
    await scale(1);
    await until('the standbys to be gone', 120_000, async () =>
      (await here.kubectl(['get', 'pods', '-o', 'name'])).trim() === 'pod/db-0' ? true : undefined,
    );
    await untilMore(200);
    expect(await slots('NOT active')).toBe('pgusher_db_1 pgusher_db_2');
    await here.sql(
      'db-0',
      "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name IN ('pgusher_db_1', 'pgusher_db_2')",
    );
  });

  test('to three again: with what their claims kept, they make their slots anew and follow', async () => {
    await scale(3);
    await untilStreaming();
    await untilMore(200);
    await writers.stop();
    const held = await here.sql('db-0', heldRows);
    expect(lost(writers, held)).toEqual([]);
    for (const pod of standbys) {
      await until(`all rows on ${pod}`, 60_000, async () =>
        lost(writers, await here.sql(pod, heldRows)).length === 0 ? true : undefined,
      );
    }
    expect(await here.get('pod/db-0', '.status.containerStatuses[*].restartCount')).toBe('0');
    expect(await here.get('pod/db-0', '.status.initContainerStatuses[*].restartCount')).toBe('0 0 0');
  });
});
