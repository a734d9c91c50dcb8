import { beforeAll, describe, expect, test } from 'vitest';
import { verifiedBackup } from '../support/backups.ts';
import type { SetStatus } from '../../../src/status/set-status.ts';
import type { CertificatesReport } from '../../../src/commands/certificates-text.ts';
import type { DoctorFinding } from '../../../src/doctor/examination.ts';
import { runPgusher } from '../../commands/support/run-pgusher.ts';
import type { Ran } from '../../commands/support/run-pgusher.ts';
import { kubeconfig, noCluster } from '../support/cluster.ts';
import { scenario } from '../support/scenario.ts';

/** Once, when the database is made: the image's scripts, the user's and ours. */
describe.skipIf(noCluster)('the first start', () => {
  const here = scenario(import.meta.dirname);
  const onSet = (...args: readonly string[]): Ran =>
    runPgusher([...args, '--kubeconfig', kubeconfig, '-n', here.namespace]);

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
    const asked = onSet('status', 'db', '--json');
    expect(asked).toMatchObject({ status: 0, stderr: '' });
    const { sets } = JSON.parse(asked.stdout) as { readonly sets: readonly SetStatus[] };
    expect(sets).toMatchObject([
      { name: 'db', safe: true, reasons: [], primary: 'db-0', timeline: 1, pods: { ready: 1, wanted: 1 } },
    ]);
    expect(sets[0]?.backups?.newest?.verified).toBe(true);
  });

  test('pgusher backup now makes one more, and pgusher list shows it', () => {
    const made = onSet('backup', 'now', 'db');
    expect(made).toMatchObject({ status: 0 });
    const listed = onSet('list', 'db');
    expect(listed).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout.trim()).not.toBe('');
    expect(listed.stdout).toContain(made.stdout.trim());
  });

  test("pgusher logs shows the server's lines and those of our containers, each with where it is from", () => {
    const shown = onSet('logs', 'db', '--tail', '500');
    expect(shown).toMatchObject({ status: 0 });
    expect(shown.stdout).toMatch(/^db-0\/postgres +\| .*database system is ready to accept connections$/m);
    expect(shown.stdout).toMatch(/^db-0\/pgusher-backup +\| /m);
  });

  test('pgusher doctor finds nothing wrong with the installation and this set', () => {
    const asked = onSet('doctor', '--json');
    const { findings } = JSON.parse(asked.stdout) as { readonly findings: readonly DoctorFinding[] };
    expect(findings.filter(({ verdict }) => verdict === 'fault')).toEqual([]);
    expect(asked).toMatchObject({ status: 0, stderr: '' });
  });

  test('pgusher certificates shows who made them, and has every replica take another', () => {
    const shown = onSet('certificates', '--json');
    expect(shown).toMatchObject({ status: 0, stderr: '' });
    const report = JSON.parse(shown.stdout) as CertificatesReport;
    expect(report).toMatchObject({ mode: 'built-in', troubles: [] });
    expect(report.served.length).toBeGreaterThanOrEqual(2);
    const renewed = onSet('certificates', 'renew');
    expect(renewed).toMatchObject({ status: 0, stderr: '' });
    expect(renewed.stdout).toMatch(/^ordered: new certificates\n[^]*\b(\d+) of \1 replicas serve a new one\n$/);
  });

  test('the health command says the same inside the pod', async () => {
    const health = ['exec', 'db-0', '-c', 'pgusher-backup', '--', '/opt/pgusher/bin/pgusher-agent', 'health'];
    expect((await here.kubectl(health)).trim()).toBe('protected');
  });
});
