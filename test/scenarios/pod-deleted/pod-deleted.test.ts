import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noCluster } from '../support/cluster.ts';
import { scenario } from '../support/scenario.ts';
import { until } from '../support/until.ts';
import { heldRows, lost, startWriters, table } from '../support/writers.ts';
import type { Writers } from '../support/writers.ts';

const rounds = Number(process.env['PGUSHER_ROUNDS'] ?? '20');

/** kubectl delete pod, again and again, while eight connections commit row after row. */
describe.skipIf(noCluster)('a pod that is deleted under writers', () => {
  const here = scenario(import.meta.dirname);
  let writers: Writers;

  beforeAll(async () => {
    await here.apply('statefulset.yaml');
    await here.apply('unlabelled.yaml');
    await here.ready('plain-0');
    await here.ready('db-0');
    await here.sql('db-0', table);
    writers = startWriters(8, () => here.get('pod/db-0', '.status.podIP'));
  });
  afterAll(async () => {
    await writers.stop();
  });

  test(`every acknowledged row is there after each of ${rounds} restarts`, async () => {
    for (let round = 1; round <= rounds; round += 1) {
      const before = writers.acknowledged.length;
      await until('writers that write', 60_000, async () =>
        writers.acknowledged.length > before + 80 ? true : undefined,
      );
      const uid = await here.get('pod/db-0', '.metadata.uid');
      await here.kubectl(['delete', 'pod', 'db-0', '--wait=false']);
      await here.ready('db-0', uid);
      // What was acknowledged before the question is in the answer, or lost.
      const asked = Date.now();
      expect(lost(writers, await here.sql('db-0', heldRows), asked), `round ${round}`).toEqual([]);
    }
  });

  test('no hook failed, and no container had to be killed', async () => {
    const events = await here.kubectl([
      'get',
      'events',
      '-o',
      'jsonpath={range .items[*]}{.reason} {.message}{"\\n"}{end}',
    ]);
    expect(events).not.toMatch(/FailedPreStopHook|FailedKillPod|FailedPostStartHook|Unhealthy.*liveness/i);
  });

  test('what is injected adds little to a stop and to a start', async () => {
    await writers.stop();
    const took = { plain: [] as Times[], db: [] as Times[] };
    for (let round = 0; round < 3; round += 1) {
      for (const name of ['plain', 'db'] as const) took[name].push(await stopAndStart(`${name}-0`));
    }
    const added = {
      stop: fastest(took.db, 'stop') - fastest(took.plain, 'stop'),
      login: fastest(took.db, 'login') - fastest(took.plain, 'login'),
    };
    console.log('ms added:', added, took);
    expect(added.stop).toBeLessThan(2000);
    // Three containers one after the other, each of which the kubelet looks at once a second (its PLEG).
    expect(added.login).toBeLessThan(5000);
  });

  /** Milliseconds until the old pod was gone; and from then until a client could log in, and until the new pod was Ready. */
  interface Times {
    readonly stop: number;
    readonly login: number;
    readonly ready: number;
  }

  async function stopAndStart(pod: string): Promise<Times> {
    const uid = await here.get(`pod/${pod}`, '.metadata.uid');
    const deleted = Date.now();
    await here.kubectl(['delete', 'pod', pod]);
    const gone = Date.now();
    await until('a login', 60_000, async () => {
      const [now, host = ''] = (await here.get(`pod/${pod}`, '.metadata.uid} {.status.podIP')).split(' ');
      if (now === uid || host === '') return undefined;
      const client = new Client({ host, user: 'postgres', password: 'secret', connectionTimeoutMillis: 1000 });
      client.on('error', () => undefined);
      await client.connect();
      await client.end();
      return true;
    });
    const login = Date.now();
    await here.ready(pod, uid);
    return { stop: gone - deleted, login: login - gone, ready: Date.now() - gone };
  }

  function fastest(took: readonly Times[], step: keyof Times): number {
    return Math.min(...took.map((times) => times[step]));
  }
});
