import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../../scripts/cluster/until.ts';
import { backupsOf, verifiedBackup } from '../support/backups.ts';
import { kubeconfig, noCluster } from '../support/cluster.ts';
import { pgusher } from '../support/command-line.ts';
import { scenario } from '../support/scenario.ts';

const program = join(import.meta.dirname, '../../../bin/pgusher');

/** Backups that are tried while their database goes on. */
describe.skipIf(noCluster)('a restore drill', () => {
  const here = scenario(import.meta.dirname);
  const drill = (...more: readonly string[]): ReturnType<typeof pgusher> =>
    pgusher('drill', 'db', '--namespace', here.namespace, ...more);
  const claims = async (): Promise<string> => here.get('pvc', '.items[*].metadata.name');
  const pods = async (): Promise<string> => here.get('pod', '.items[*].metadata.name');
  let uid = '';

  beforeAll(async () => {
    await here.apply('statefulset.yaml');
    uid = await here.ready('db-0');
    await here.sql(
      'db-0',
      "CREATE TABLE orders AS SELECT n, repeat('x', 5000) AS note FROM generate_series(1, 1000) AS n",
    );
    await here.sql('db-0', 'CREATE DATABASE "other one"');
    // What the real one has, and a copy must not go on with.
    await here.sql('db-0', `ALTER SYSTEM SET archive_command = 'false'`);
    await here.sql('db-0', 'ALTER SYSTEM SET archive_mode = on');
    await verifiedBackup(here, 'db-0');
    await here.sql('db-0', 'INSERT INTO orders SELECT 1001');
    await here.sql('db-0', 'SELECT pg_switch_wal()');
  });

  test('reads every table of what was restored, compares, and leaves nothing', async () => {
    const before = await claims();
    const { code, words } = await drill('--compare', 'orders', '--json');
    expect({ code, words }).toMatchObject({ code: 0 });
    const report = JSON.parse(words.slice(words.indexOf('{\n'), words.lastIndexOf('}') + 1)) as {
      compared: unknown;
      read: { backup: string; timeline: number; databases: { name: string; rows: number; damaged: unknown[] }[] };
    };
    expect(report.compared).toEqual([{ table: 'postgres.public.orders', restored: 1001, now: 1001 }]);
    expect(report.read).toMatchObject({
      backup: (await backupsOf(here, 'db-0')).at(-1)?.id,
      timeline: 2,
      databases: [
        { name: 'other one', rows: 0, damaged: [] },
        { name: 'postgres', rows: 1001, damaged: [] },
      ],
    });
    expect(await claims()).toBe(before);
    expect(await pods()).toBe('db-0');
    expect(await here.ready('db-0')).toBe(uid);
  });

  test('interrupted, it removes what it has made', async () => {
    const child = spawn(program, ['drill', 'db', '--namespace', here.namespace], {
      env: { ...process.env, KUBECONFIG: kubeconfig },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = Promise.all([text(child.stderr), once(child, 'close')]);
    const made = await until('the pod of the drill', 60_000, async () =>
      (await pods()).includes('db-drill-0') ? await here.get('pod/db-drill-0', '.metadata.labels') : undefined,
    );
    // No Service and no disruption budget of the set sees it.
    expect(JSON.parse(made)).toEqual({ 'app.kubernetes.io/managed-by': 'pgusher', 'postgres.io/drill-of': 'db' });
    expect(await here.get('pod/db-drill-0', '.spec.containers[*].args')).toContain('"-c","archive_mode=off"');
    child.kill('SIGINT');
    const [words] = await ended;
    expect(words).toContain('nothing is known of the backups');
    expect(child.exitCode).toBe(1);
    expect(await pods()).toBe('db-0');
    expect(await claims()).not.toContain('drill');
  });

  test('by the CronJob that is printed, with the rights that are printed', async () => {
    expect(await drill('--cronjob')).toMatchObject({ code: 2 });
    await here.kubectl(['annotate', 'statefulset', 'db', 'postgres.io/backup-drill=0 4 * * 0']);
    const printed = await drill('--cronjob', '--compare', 'orders');
    await here.kubectl(['apply', '-f', '-'], printed.words);
    await here.kubectl(['create', 'job', 'now', '--from=cronjob/db-drill']);
    const log = await until('the end of the job', 120_000, async () =>
      (await here.get('job/now', '.status.conditions[*].type')).includes('Complete')
        ? await here.kubectl(['logs', 'job/now'])
        : undefined,
    );
    expect(log).toContain('db: can be restored');
    expect(await here.ready('db-0')).toBe(uid);
  });

  test('of a backup that is damaged says so, and leaves nothing', async () => {
    const damage = `for file in /pgusher-backup/*/db/*/base/*/*.tar*; do printf damaged | dd of="$file" bs=1 seek=5000 conv=notrunc; done`;
    await here.kubectl(['exec', 'db-0', '-c', 'pgusher-backup', '--', 'sh', '-c', damage]);
    const { code, words } = await drill();
    expect(code).toBe(1);
    expect(words).toContain('the restore failed: pgusher-restore ended with 1');
    expect(await pods()).not.toContain('db-drill-0');
    expect(await here.ready('db-0')).toBe(uid);
  });
});
