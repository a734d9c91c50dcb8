import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { productImages } from '../../../../scripts/cluster/images.ts';
import { untilInstalled } from '../../../../scripts/cluster/install.ts';
import { nextVersion } from '../../support/next-version.ts';
import { isForeign, kubectl, noCluster } from '../../support/cluster.ts';
import { scenario } from '../../support/scenario.ts';
import { askAllAlong } from '../../support/asked-all-along.ts';
import { patience, timeout } from '../../../../scripts/cluster/patience.ts';
import { until } from '../../../../scripts/cluster/until.ts';

/** A new version of the webhook, which renders otherwise: nobody notices, until somebody asks for it. */
describe.skipIf(noCluster || isForeign)('an upgrade of the webhook', () => {
  const here = scenario(import.meta.dirname);
  const webhook = (image: string): Promise<string> =>
    kubectl(['-n', 'pgusher-system', 'set', 'image', 'deployment/pgusher', `webhook=${image}`]);
  const uids = { one: '', two: '' };

  beforeAll(async () => {
    await here.apply('one.yaml');
    await here.apply('two.yaml');
    await nextVersion.load();
    uids.one = await here.ready('one-0');
    uids.two = await here.ready('two-0');
  });
  afterAll(async () => {
    await webhook(productImages.webhook);
    await untilInstalled(kubectl);
  });

  test('fails no apply while it is rolled out', async () => {
    const [, set = ''] = here.read('one.yaml').split('---\n');
    const stop = askAllAlong(here.namespace, 'asked', set.replace('name: one', 'name: asked'));
    await webhook(nextVersion.image);
    await kubectl(['-n', 'pgusher-system', 'rollout', 'status', 'deployment/pgusher', timeout(180)]);
    // The old pods go on for a while after they were told to stop.
    await until('the old pods to be gone', 60_000, async () => {
      const images = await kubectl([
        '-n',
        'pgusher-system',
        'get',
        'pod',
        '-o',
        'jsonpath={.items[*].spec.containers[0].image}',
      ]);
      return images.includes(productImages.webhook) ? undefined : images;
    });
    const { asked, injected, failed } = await stop();
    expect(failed).toEqual([]);
    expect(injected).toBe(asked);
    expect(asked).toBeGreaterThan(100 / patience);
  });

  test('restarts no database, also when its file is applied again', async () => {
    await here.apply('one.yaml');
    await here.apply('two.yaml');
    expect(await here.get('statefulset/one', '.metadata.generation')).toBe('1');
    expect([await here.ready('one-0'), await here.ready('two-0')]).toEqual([uids.one, uids.two]);
  });

  test('is taken on by the one set that asks for it', async () => {
    await here.kubectl(['annotate', '--overwrite', 'statefulset', 'one', 'postgres.io/injection-version=latest']);
    await here.ready('one-0', uids.one);
    expect(await here.get('statefulset/one', '.metadata.annotations.postgres\\.io/injection-version')).toBe(
      nextVersion.version,
    );
    expect(await here.ready('two-0')).toBe(uids.two);
  });
});
