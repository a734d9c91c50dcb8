import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { productImages } from '../../../scripts/cluster/images.ts';
import { untilInstalled } from '../../../scripts/cluster/install.ts';
import { nextVersion } from '../support/next-version.ts';
import { isForeign, kubectl, noCluster } from '../support/cluster.ts';
import { scenario } from '../support/scenario.ts';

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
    let isRolling = true;
    const answers: { readonly status: number; readonly stderr: string }[] = [];
    const asked = here.read('one.yaml').replace('name: one', 'name: asked').replaceAll('app: one', 'app: asked');
    // Twenty a second, as far as this machine starts that many; dry, so that there is no twentyfold database.
    const apply = async (): Promise<void> => {
      while (isRolling) answers.push(await here.kubectl.attempt(['apply', '--dry-run=server', '-f', '-'], asked));
    };
    const appliers = [apply(), apply()];
    const started = Date.now();
    await webhook(nextVersion.image);
    await kubectl(['-n', 'pgusher-system', 'rollout', 'status', 'deployment/pgusher', '--timeout=180s']);
    isRolling = false;
    await Promise.all(appliers);
    console.log(`${answers.length} applies in ${Date.now() - started} ms`);
    expect(answers.length).toBeGreaterThan(50);
    expect(answers.filter(({ status }) => status !== 0).map(({ stderr }) => stderr)).toEqual([]);
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
