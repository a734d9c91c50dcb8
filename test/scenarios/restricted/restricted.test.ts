import { describe, expect, test } from 'vitest';
import { verifiedBackup } from '../support/backups.ts';
import { noCluster } from '../support/cluster.ts';
import { scenario } from '../support/scenario.ts';

/** The apiserver refuses pods here that are less than "restricted": what is injected must keep to it too. */
describe.skipIf(noCluster)('a namespace that enforces Pod Security "restricted"', () => {
  const here = scenario(import.meta.dirname, { 'pod-security.kubernetes.io/enforce': 'restricted' });

  test('a set with uid 999 starts, with what is injected, and is backed up', async () => {
    await here.apply('statefulset.yaml');
    await here.ready('db-0');
    expect(await here.get('pod/db-0', '.spec.initContainers[*].name')).toBe(
      'pgusher-backup pgusher-restore pgusher-initdb',
    );
    await verifiedBackup(here, 'db-0');
  });

  test('everything of ours in the data volume belongs to the server', async () => {
    const data = '/var/lib/postgresql/data';
    const find = ['exec', 'db-0', '-c', 'postgres', '--', 'find', data, '-mindepth', '1', '!', '-user', '999'];
    expect(await here.kubectl(find)).toBe('');
  });
});
