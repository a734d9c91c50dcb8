import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kubectl, noCluster } from '../../support/cluster.ts';
import { scenario } from '../../support/scenario.ts';
import { until } from '../../../../scripts/cluster/until.ts';
import { untilInstalled } from '../../../../scripts/cluster/install.ts';

/** No pod of ours anywhere: databases live on, labelled changes wait. */
describe.skipIf(noCluster)('with the webhook down', () => {
  const here = scenario(import.meta.dirname);
  const change = ['annotate', 'statefulset', 'db', 'example.org/note=changed'];
  const scale = (replicas: number): Promise<string> =>
    kubectl(['-n', 'pgusher-system', 'scale', 'deployment/pgusher', `--replicas=${replicas}`]);

  beforeAll(async () => {
    await here.apply('statefulset.yaml');
    await here.ready('db-0');
    await scale(0);
    // At once, as when their nodes are gone; a proper stop goes on serving for ten seconds.
    await kubectl(['-n', 'pgusher-system', 'delete', 'pod', '--all', '--grace-period=0', '--force']);
    await until('a call that fails', 60_000, async () =>
      (await here.kubectl.attempt([...change, '--dry-run=server'])).status === 0 ? undefined : true,
    );
  });
  afterAll(async () => {
    await scale(2);
    await untilInstalled(kubectl);
  });

  test('a pod of a database restarts as ever', async () => {
    const uid = await here.ready('db-0');
    await here.kubectl(['delete', 'pod', 'db-0']);
    await here.ready('db-0', uid);
  });

  test('scaling works, which asks nobody', async () => {
    await here.kubectl(['scale', 'statefulset/db', '--replicas=0']);
    await until('no pod', 60_000, async () =>
      (await here.kubectl(['get', 'pod', '-o', 'name'])) === '' ? true : undefined,
    );
    await here.kubectl(['scale', 'statefulset/db', '--replicas=1']);
    await here.ready('db-0');
  });

  test('sets without the label are created and changed', async () => {
    await here.apply('unlabelled.yaml');
    await here.kubectl(['annotate', 'statefulset', 'plain', 'example.org/note=changed']);
  });

  test('a change of a labelled set is refused, and says by whom', async () => {
    const { status, stderr } = await here.kubectl.attempt(change);
    expect(status).toBe(1);
    expect(stderr).toContain('failed calling webhook "mutate.pgusher.postgres.io"');
  });

  test('and goes through when the webhook is back', async () => {
    await scale(2);
    await untilInstalled(kubectl);
    await here.kubectl(change);
  });
});
