import { beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../../scripts/cluster/until.ts';
import { verifiedBackup } from '../support/backups.ts';
import { noCluster } from '../support/cluster.ts';
import { pgusher } from '../support/command-line.ts';
import { scenario } from '../support/scenario.ts';

const standbys = ['reports-0', 'copy-0'] as const;

/** Sets of their own that follow another one: by its backups alone, and by streaming. */
describe.skipIf(noCluster)('sets that are standbys of another set', () => {
  const here = scenario(import.meta.dirname);
  const say = (pod: string, word: string): Promise<string> => here.sql(pod, `INSERT INTO said VALUES ('${word}')`);
  const untilThere = (pod: string, word: string): Promise<unknown> =>
    until(`"${word}" on ${pod}`, 120_000, async () =>
      (await here.sql(pod, `SELECT count(*) FROM said WHERE word = '${word}'`)) === '1' ? true : undefined,
    );

  beforeAll(async () => {
    await here.apply('statefulset.yaml');
    await here.ready('db-0');
    await here.sql('db-0', 'CREATE TABLE said (word text)');
    await say('db-0', 'before the backup');
    await verifiedBackup(here, 'db-0');
    await here.apply('standbys.yaml');
  });

  test('a row of the one is read on both, which take no writes', async () => {
    for (const pod of standbys) await here.ready(pod);
    await say('db-0', 'while they follow');
    for (const pod of standbys) {
      await untilThere(pod, 'before the backup');
      await untilThere(pod, 'while they follow');
      await expect(say(pod, 'never')).rejects.toThrow('read-only transaction');
    }
    expect(await here.sql('reports-0', 'SELECT count(*) FROM pg_stat_wal_receiver')).toBe('0');
    expect(await here.sql('copy-0', 'SELECT status FROM pg_stat_wal_receiver')).toBe('streaming');
  });

  test('made anew, the one that follows backups goes on as it was', async () => {
    const before = await here.get('pod/reports-0', '.metadata.uid');
    await here.kubectl(['delete', 'pod', 'reports-0']);
    await here.ready('reports-0', before);
    await say('db-0', 'after it was made anew');
    await untilThere('reports-0', 'after it was made anew');
    expect(await here.sql('reports-0', 'SELECT pg_is_in_recovery()')).toBe('t');
  });

  test('promoted, it is a database of its own, and stays one', async () => {
    const answer = await pgusher('promote', 'reports', '--namespace', here.namespace);
    expect(answer.words).toContain('reports-0 takes writes on timeline 2');
    expect(answer.code).toBe(0);
    await say('reports-0', 'of its own');
    await say('db-0', 'of the other');
    await verifiedBackup(here, 'reports-0');
    const before = await here.get('pod/reports-0', '.metadata.uid');
    await here.kubectl(['delete', 'pod', 'reports-0']);
    await here.ready('reports-0', before);
    expect(await here.sql('reports-0', 'SELECT word FROM said ORDER BY word')).toBe(
      ['after it was made anew', 'before the backup', 'of its own', 'while they follow'].join('\n'),
    );
    await say('reports-0', 'after its restart');
    await untilThere('copy-0', 'of the other');
  });
});
