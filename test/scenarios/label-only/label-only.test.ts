import { beforeAll, describe, expect, test } from 'vitest';
import { noCluster } from '../support/cluster.ts';
import { scenario } from '../support/scenario.ts';
import { verifiedBackup } from '../support/backups.ts';

/** A label and nothing else: the pod starts, is backed up, and the same file again changes nothing. */
describe.skipIf(noCluster)('the label alone', () => {
  const here = scenario(import.meta.dirname);
  const sets = [
    ['stock.yaml', 'stock', '17'],
    ['image-15.yaml', 'old', '15'],
  ] as const;

  beforeAll(async () => {
    for (const [file] of sets) await here.apply(file);
  });

  test.each(sets)('%s starts with what is injected', async (_file, name, major) => {
    const pod = `${name}-0`;
    await here.ready(pod);
    expect(await here.get(`pod/${pod}`, '.spec.initContainers[*].name')).toBe(
      'pgusher-backup pgusher-restore pgusher-initdb',
    );
    expect(await here.sql(pod, 'SHOW server_version_num')).toMatch(new RegExp(`^${major}`));
    expect(await here.get(`pod/${pod}`, '.status.containerStatuses[*].restartCount')).toBe('0');
  });

  test.each(sets)('%s has a verified base backup within a minute', async (_file, name) => {
    await verifiedBackup(here, `${name}-0`);
  });

  test.each(sets)('%s applied again changes nothing', async (file, name) => {
    const stored = '.metadata.generation} {.status.updateRevision} {.spec.template';
    const [before, uid] = [await here.get(`statefulset/${name}`, stored), await here.ready(`${name}-0`)];
    await here.apply(file);
    await here.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], here.read(file));
    expect(await here.get(`statefulset/${name}`, stored)).toBe(before);
    expect(await here.ready(`${name}-0`)).toBe(uid);
  });

  test('the probes leave no line in the log of the server', async () => {
    const log = await here.kubectl(['logs', 'stock-0', '-c', 'postgres']);
    expect(log.split('\n').filter((line) => line.includes('FATAL'))).toEqual([]);
  });
});
