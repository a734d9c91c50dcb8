import { beforeAll, describe, expect, test } from 'vitest';
import { noCluster } from '../support/cluster.ts';
import { scenario } from '../support/scenario.ts';
import { until } from '../../../scripts/cluster/until.ts';

/** ReadWriteOnce is about nodes: a second pod of the same node may mount the same claim. The lock is what keeps it out. */
describe.skipIf(noCluster)('a second pod on the claim of a database', () => {
  const here = scenario(import.meta.dirname);

  beforeAll(async () => {
    await here.apply('statefulset.yaml');
    await here.ready('db-0');
    await here.sql('db-0', 'CREATE TABLE kept AS SELECT generate_series(1, 100) AS n');
  });

  test('is refused, and says by whom the volume is held', async () => {
    const first = JSON.parse(await here.kubectl(['get', 'pod', 'db-0', '-o', 'json'])) as {
      spec: Record<string, unknown>;
    };
    const second = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'second' },
      spec: { ...first.spec, hostname: 'second' },
    };
    await here.kubectl(['create', '-f', '-'], JSON.stringify(second));
    const message = await until('the message of the second pod', 60_000, async () => {
      const backup = '.status.initContainerStatuses[?(@.name=="pgusher-backup")]';
      const text = await here.get(
        'pod/second',
        `${backup}.lastState.terminated.message} {${backup}.state.terminated.message`,
      );
      return text.trim() === '' ? undefined : text;
    });
    expect(message).toContain(`the data volume is in use by ${here.namespace}/db, pod db-0`);
    expect(await here.get('pod/second', '.status.containerStatuses[*].started')).toBe('false');
    await here.kubectl(['delete', 'pod', 'second', '--grace-period=0', '--force']);
  });

  test('leaves the first one alone', async () => {
    expect(await here.sql('db-0', 'SELECT count(*) FROM kept')).toBe('100');
    expect(await here.get('pod/db-0', '.status.containerStatuses[*].restartCount')).toBe('0');
    expect(await here.get('pod/db-0', '.status.initContainerStatuses[*].restartCount')).toBe('0 0 0');
  });
});
