import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { network } from '../../../scripts/cluster/places.ts';
import { until } from '../../../scripts/cluster/until.ts';
import { Bucket } from '../../postgres/support/bucket.ts';
import { backupsOf, verifiedBackup } from '../support/backups.ts';
import { isForeign, kubectl, noCluster } from '../support/cluster.ts';
import { loseData } from '../support/lose-data.ts';
import { scenario } from '../support/scenario.ts';

/**
 * A database that ran before, in a namespace that says where backups go: the label alone, and no claim. The object store runs on the node.
 */
describe.skipIf(noCluster || isForeign)('a bucket and no claim', () => {
  const here = scenario(import.meta.dirname);
  let bucket: Bucket;
  const count = 'SELECT count(*) FROM kept';

  beforeAll(async () => {
    bucket = await Bucket.start('bucket-alone', network.node);
    const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = bucket.environment;
    const ca = readFileSync(join(bucket.directory, 'tls/ca.pem'), 'utf8');
    const secret = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, 'ca.crt': ca };
    await here.kubectl(
      ['create', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bucket' }, stringData: secret }),
    );
    const store = bucket.address.replace(/ca=.*$/, 'ca=/pgusher-store/ca.crt');
    await kubectl([
      ...['annotate', 'namespace', here.namespace],
      ...[`postgres.io/backup-store=${store}`, 'postgres.io/backup-store-secret=bucket', 'postgres.io/backup-push=1'],
    ]);
    await here.apply('statefulset.yaml');
    await here.ready('db-0');
    await until('a database', 60_000, async () => {
      const log = await here.kubectl(['logs', 'db-0']);
      return /listening on IPv4/.test(log) ? await here.sql('db-0', 'SELECT 1') : undefined;
    });
    await here.sql('db-0', 'CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n');
  });
  afterAll(async () => {
    await (bucket as Bucket | undefined)?.remove();
  });

  /** All that is committed now is off-site. */
  async function copied(): Promise<void> {
    const now = Date.now() / 1000;
    await until('all to be off-site', 120_000, async () => {
      const path = `/api/v1/namespaces/${here.namespace}/pods/db-0:8432/proxy/metrics`;
      const metrics = await here.kubectl(['get', '--raw', path]);
      const value = (name: string): number => Number(new RegExp(`^${name} (.*)$`, 'm').exec(metrics)?.[1]);
      return value('pgusher_protected') === 1 && value('pgusher_offsite_last_wal_timestamp_seconds') > now;
    });
  }

  test('needs the label alone', async () => {
    const uid = await here.ready('db-0');
    const patch = { metadata: { labels: { 'postgres.io/managed': 'true' } } };
    const answer = await here.kubectl.attempt([
      'patch',
      'statefulset',
      'db',
      '--type=merge',
      '-p',
      JSON.stringify(patch),
    ]);
    expect(answer.stderr).not.toContain('nothing is backed up');
    expect(await here.get('statefulset/db', '.spec.template.spec.volumes[?(@.name=="pgusher-spool")].emptyDir')).toBe(
      '{"sizeLimit":"1Gi"}',
    );
    await here.ready('db-0', uid);
    await verifiedBackup(here, 'db-0');
    expect(await here.sql('db-0', count)).toBe('1000');
  });

  test('goes on in the same store when its pod is gone, with no other base backup', async () => {
    await copied();
    const before = await backupsOf(here, 'db-0');
    const uid = await here.ready('db-0');
    await here.sql('db-0', 'INSERT INTO kept SELECT generate_series(1001, 2000)');
    await here.kubectl(['delete', 'pod', 'db-0', '--grace-period=0', '--force']);
    await here.ready('db-0', uid);
    expect(await here.sql('db-0', count)).toBe('2000');
    await copied();
    expect(await backupsOf(here, 'db-0')).toEqual(before);
  });

  test('comes back when its volume is lost, and the bucket is all there is', async () => {
    await copied();
    await here.ready('db-0', await loseData(here, 'db-0', 'abruptly'));
    expect(await here.sql('db-0', count)).toBe('2000');
    await copied();
  });
});
