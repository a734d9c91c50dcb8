import { beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../../scripts/cluster/until.ts';
import { agentOf, verifiedBackup } from '../support/backups.ts';
import { noCluster } from '../support/cluster.ts';
import { pgusher } from '../support/command-line.ts';
import { scenario } from '../support/scenario.ts';

/** Each database by itself, beside the backups and in a Job. */
describe.skipIf(noCluster)('dumps', () => {
  const here = scenario(import.meta.dirname);
  const run = (command: string, ...more: readonly string[]): ReturnType<typeof pgusher> =>
    pgusher(command, 'db', '--namespace', here.namespace, ...more);
  let uid = '';

  beforeAll(async () => {
    await here.apply('statefulset.yaml');
    uid = await here.ready('db-0');
    await here.sql('db-0', 'CREATE TABLE orders AS SELECT n FROM generate_series(1, 1000) AS n');
    await here.sql('db-0', 'CREATE DATABASE "other one" TEMPLATE template0');
    await verifiedBackup(here, 'db-0');
  });

  test('at once, and one database of it under another name', async () => {
    const { code, words } = await run('dump');
    expect({ code, words }).toMatchObject({ code: 0 });
    const id = /^\d{8}T\d{6}Z$/m.exec(words)?.[0] ?? '';
    expect((await run('dumps')).words).toContain(`${id}  `);
    expect(await agentOf(here, 'db-0', 'load', id, '--database', 'postgres', '--into', 'then')).toContain(
      `${id} is loaded`,
    );
    const rows = `SELECT count(*) FROM orders`;
    const counted = await here.kubectl([
      'exec',
      'db-0',
      '-c',
      'postgres',
      '--',
      'psql',
      '-U',
      'postgres',
      '-d',
      'then',
      '-Atc',
      rows,
    ]);
    expect(counted.trim()).toBe('1000');
    // The files are the server's, whoever asked.
    const owner = ['sh', '-c', 'stat -c "%u %a" /pgusher-backup/*/db/dumps/*/DUMP.json'];
    expect((await here.kubectl(['exec', 'db-0', '-c', 'pgusher-backup', '--', ...owner])).trim()).toBe('999 600');
  });

  test('by a schedule that restarts nothing', async () => {
    await here.kubectl(['create', 'configmap', 'db-pgusher', '--from-literal=dump-schedule=* * * * *']);
    await until('a second dump', 240_000, async () => {
      const { words } = await run('dumps', '--json');
      const { dumps } = JSON.parse(words) as { readonly dumps: readonly unknown[] };
      return dumps.length > 1 ? true : undefined;
    });
    expect(await here.ready('db-0')).toBe(uid);
    await here.kubectl(['delete', 'configmap', 'db-pgusher']);
  });

  test('by the CronJob that is printed, onto the claim that is printed', async () => {
    const printed = await run('dump', '--cronjob', '--storage', '1Gi');
    expect(printed).toMatchObject({ code: 0 });
    await here.kubectl(['apply', '-f', '-'], printed.words);
    await here.kubectl(['create', 'job', 'now', '--from=cronjob/db-dump']);
    const log = await until('the end of the job', 180_000, async () =>
      (await here.get('job/now', '.status.conditions[*].type')).includes('Complete')
        ? await here.kubectl(['logs', 'job/now'])
        : undefined,
    );
    expect(log).toMatch(/\/dumps\/db\/\d{8}T\d{6}Z/);
    expect(await here.ready('db-0')).toBe(uid);
  });
});
