import { beforeAll, describe, expect, test } from 'vitest';
import { verifiedBackup } from '../support/backups.ts';
import type { SetStatus } from '../../../src/status/set-status.ts';
import { runPgusher } from '../../commands/support/run-pgusher.ts';
import { kubeconfig, noCluster } from '../support/cluster.ts';
import { scenario } from '../support/scenario.ts';

/** Once, when the database is made: the image's scripts, the user's and ours. */
describe.skipIf(noCluster)('the first start', () => {
  const here = scenario(import.meta.dirname);

  beforeAll(async () => {
    await here.apply('statefulset.yaml');
    await here.ready('db-0');
  });

  test("the user's own scripts ran, and wrote where the image lets them", async () => {
    expect(await here.sql('db-0', 'SELECT answer FROM made_by_the_user')).toBe('42');
    expect(await here.sql('db-0', "SELECT rolname FROM pg_roles WHERE rolname = 'reader'")).toBe('reader');
  });

  test('the role for standbys is there, with the password of the Secret and no more rights than it needs', async () => {
    const role =
      "SELECT rolreplication, rolcanlogin, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = 'copier'";
    expect(await here.sql('db-0', role)).toBe('t|t|f|f|f');
    const address = await here.get('pod/db-0', '.status.podIP');
    const identify = [
      'psql',
      '-X',
      '-At',
      `host=${address} user=copier dbname=postgres replication=true`,
      '-c',
      'IDENTIFY_SYSTEM',
    ];
    const login = ['exec', 'db-0', '-c', 'postgres', '--', 'env', "PGPASSWORD=it's $ecret", ...identify];
    expect(await here.kubectl(login)).toContain('|1|0/');
    const wrong = await here.kubectl.attempt(login.map((argument) => argument.replace('$ecret', 'wrong')));
    expect(wrong.stderr).toContain('password authentication failed');
  });

  test('pg_hba lets it in from the network of the pods, by password', async () => {
    const lines = await here.sql(
      'db-0',
      "SELECT type, array_to_string(database, ','), address, auth_method FROM pg_hba_file_rules WHERE 'copier' = ANY (user_name)",
    );
    expect(lines).toBe('host|replication|all|scram-sha-256');
  });

  test('a verified base backup is there within a minute', async () => {
    await verifiedBackup(here, 'db-0');
  });

  test('pgusher status calls it safe, by what its agent says through the apiserver', () => {
    const asked = runPgusher(['status', 'db', '--kubeconfig', kubeconfig, '-n', here.namespace, '--json']);
    expect(asked).toMatchObject({ status: 0, stderr: '' });
    const { sets } = JSON.parse(asked.stdout) as { readonly sets: readonly SetStatus[] };
    expect(sets).toMatchObject([
      { name: 'db', safe: true, reasons: [], primary: 'db-0', timeline: 1, pods: { ready: 1, wanted: 1 } },
    ]);
    expect(sets[0]?.backups?.newest?.verified).toBe(true);
  });

  test('the health command says the same inside the pod', async () => {
    const health = ['exec', 'db-0', '-c', 'pgusher-backup', '--', '/opt/pgusher/bin/pgusher-agent', 'health'];
    expect((await here.kubectl(health)).trim()).toBe('protected');
  });
});
