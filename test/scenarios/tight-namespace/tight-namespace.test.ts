import { beforeAll, describe, expect, test } from 'vitest';
import { verifiedBackup } from '../support/backups.ts';
import { noCluster } from '../support/cluster.ts';
import { scenario } from '../support/scenario.ts';

/** Quota, LimitRange, and a pod that was busy before we came. */
describe.skipIf(noCluster)('a tight namespace and a busy pod', () => {
  const here = scenario(import.meta.dirname);

  beforeAll(async () => {
    await here.apply('statefulset.yaml');
  });

  test('starts within quota and LimitRange, beside what was there', async () => {
    await here.ready('db-0');
    expect(await here.get('pod/db-0', '.spec.initContainers[*].name')).toBe(
      'before pgusher-backup pgusher-restore pgusher-initdb',
    );
    expect(await here.get('pod/db-0', '.spec.containers[*].name')).toBe('beside postgres');
    await verifiedBackup(here, 'db-0');
  });

  test("the user's own hook runs before ours, and the pod stops in time", async () => {
    const uid = await here.ready('db-0');
    await here.kubectl(['delete', 'pod', 'db-0']);
    await here.ready('db-0', uid);
    await here.kubectl(['exec', 'db-0', '-c', 'postgres', '--', 'test', '-e', '/var/lib/postgresql/data/own-hook-ran']);
  });

  test("a container with one of our names is the user's to rename", async () => {
    const named = here
      .read('statefulset.yaml')
      .replaceAll('name: db', 'name: other')
      .replace('name: beside', 'name: pgusher-backup');
    const { status, stderr } = await here.kubectl.attempt(['apply', '-f', '-'], named);
    expect(status).toBe(1);
    expect(stderr).toContain('[reserved-container-name]');
  });
});
