import { beforeAll, describe, expect, test } from 'vitest';
import { noCluster } from '../support/cluster.ts';
import { scenario } from '../support/scenario.ts';
import { until } from '../../../scripts/cluster/until.ts';

/** The ways out of it and back, and the commands that go past it. */
describe.skipIf(noCluster)('a label that is taken off', () => {
  const here = scenario(import.meta.dirname);
  const injected = '.spec.initContainers[*].name';
  const all = 'pgusher-backup pgusher-restore pgusher-initdb';
  const count = 'SELECT count(*) FROM kept';

  beforeAll(async () => {
    await here.apply('statefulset.yaml');
    await here.ready('db-0');
    await here.sql('db-0', 'CREATE TABLE kept AS SELECT generate_series(1, 100) AS n');
  });

  test('scaled to nothing and back: as it was', async () => {
    await here.kubectl(['scale', 'statefulset/db', '--replicas=0']);
    await until('no pod', 60_000, async () =>
      (await here.kubectl(['get', 'pod', '-o', 'name'])) === '' ? true : undefined,
    );
    await here.kubectl(['scale', 'statefulset/db', '--replicas=1']);
    await here.ready('db-0');
    expect(await here.sql('db-0', count)).toBe('100');
  });

  test('is refused without a reason', async () => {
    const { status, stderr } = await here.kubectl.attempt(['label', 'statefulset', 'db', 'postgres.io/managed-']);
    expect(status).toBe(1);
    expect(stderr).toContain('write postgres.io/allow-managed-label-removed: "<reason>"');
  });

  test('with a reason everything injected goes, and the database stays', async () => {
    const uid = await here.ready('db-0');
    await here.kubectl(['annotate', 'statefulset', 'db', 'postgres.io/allow-managed-label-removed=moving away']);
    await here.kubectl(['label', 'statefulset', 'db', 'postgres.io/managed-']);
    await here.ready('db-0', uid);
    expect(await here.get('pod/db-0', injected)).toBe('');
    // Without the injected probe it is Ready before it takes anybody.
    expect(await until('an answer', 60_000, () => here.sql('db-0', count))).toBe('100');
  });

  test('rollout undo brings back what the older revision held', async () => {
    const uid = await here.ready('db-0');
    await here.kubectl(['rollout', 'undo', 'statefulset/db']);
    await here.ready('db-0', uid);
    expect(await here.get('pod/db-0', injected)).toBe(all);
    expect(await here.sql('db-0', count)).toBe('100');
  });

  test('the label comes back: nothing of that is injected twice', async () => {
    await here.apply('statefulset.yaml');
    await here.ready('db-0');
    expect(await here.get('statefulset/db', '.spec.template.spec.initContainers[*].name')).toBe(all);
    expect(await here.get('statefulset/db', '.spec.template.spec.containers[*].name')).toBe('postgres');
    expect(await here.sql('db-0', count)).toBe('100');
  });
});
