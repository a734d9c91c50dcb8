import { Client } from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { patience } from '../../../../scripts/cluster/patience.ts';
import { until } from '../../../../scripts/cluster/until.ts';
import { noCluster } from '../../support/cluster.ts';
import { scenario } from '../../support/scenario.ts';

/** What is injected costs time at each stop and start; alone, since others take that time too. */
describe.skipIf(noCluster)('a pod that stops and starts', () => {
  const here = scenario(import.meta.dirname);

  beforeAll(async () => {
    await here.apply('labelled.yaml');
    await here.apply('unlabelled.yaml');
    await here.ready('plain-0');
    await here.ready('db-0');
  });

  test('what is injected adds little to a stop and to a start', async () => {
    const took = { plain: [] as Times[], db: [] as Times[] };
    for (let round = 0; round < 3; round += 1) {
      for (const name of ['plain', 'db'] as const) took[name].push(await stopAndStart(`${name}-0`));
    }
    const added = {
      stop: fastest(took.db, 'stop') - fastest(took.plain, 'stop'),
      login: fastest(took.db, 'login') - fastest(took.plain, 'login'),
    };
    console.log('ms added:', added, took);
    // One second of the kubelet's or two, as the ends of server and sidecar fall.
    expect(added.stop).toBeLessThan(3000 * patience);
    // Three containers one after the other, each of which the kubelet looks at once a second (its PLEG).
    expect(added.login).toBeLessThan(5000 * patience);
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
