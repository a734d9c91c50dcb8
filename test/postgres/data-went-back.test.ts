import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import { systemIdOf, untilFailure, untilProtected, untilReceived } from './support/backup-agent.ts';
import { WholePod } from './support/whole-pod.ts';

/**
 * The data volume is put back to a snapshot while its store has gone on: same system, same timeline
 * (cloudnative-pg issue 9305, pgbackrest issue 1908).
 */
describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup'))('a data volume that went back', () => {
  let whole: WholePod;

  beforeEach(async () => {
    whole = await WholePod.make('went-back');
    await whole.start();
    await sql('CREATE TABLE orders (note text)');
    await write('monday', 1000);
    await protectedNow();
  });

  afterEach(async () => {
    await whole.remove();
  });

  /** Monday in the snapshot, Tuesday acknowledged, received, and gone from the data volume. */
  async function goBack(tuesday: number, stop: 'cleanly' | 'killed' = 'cleanly'): Promise<void> {
    await (stop === 'cleanly' ? whole.stop() : whole.crash());
    const snapshot = whole.snapshot('data');
    await whole.start();
    await protectedNow();
    await write('tuesday', tuesday);
    await protectedNow();
    await (stop === 'cleanly' ? whole.stop() : whole.crash());
    whole.putBack('data', snapshot);
  }

  async function sql<Row>(text: string): Promise<Row[]> {
    return (await whole.server?.sql(text)) as Row[];
  }

  async function write(day: string, rows: number): Promise<void> {
    await sql(`INSERT INTO orders SELECT '${day}' || repeat(md5(random()::text), 20) FROM generate_series(1, ${rows})`);
  }

  async function days(): Promise<Record<string, number>> {
    const rows = await sql<{ day: string; rows: number }>(
      "SELECT substring(note from '^(monday|tuesday|wednesday)') AS day, count(*)::int AS rows FROM orders GROUP BY 1",
    );
    return Object.fromEntries(rows.map((row) => [row.day, row.rows]));
  }

  async function protectedNow(): Promise<void> {
    const { server, agent } = whole;
    if (server === null || agent === null) {
      throw new Error('the pod is down');
    }
    await untilProtected(agent);
    await untilReceived(server, agent);
  }

  it('stops, and says both ends with their times', async () => {
    await goBack(30_000);
    const { code, reason } = await whole.start();
    expect(reason).toMatch(
      /^the data volume went back: PGDATA ends at \w+\/\w+ of timeline 1 \(2\d{3}-\S+Z\), the store at \w+\/\w+ of timeline 1 \(2\d{3}-\S+Z\), and WAL gets there only after this database wrote it\. Wanted: the volume as it was; or write postgres\.io\/when-behind: "catch-up"/,
    );
    expect(code).toBe(1);
  });

  it('stops also within one segment, where the store is ahead by a few rows', async () => {
    await goBack(50);
    const { code, reason } = await whole.start();
    expect([code, reason.slice(0, 25)]).toEqual([1, 'the data volume went back']);
  });

  it('catches up with the store on a new timeline, with nothing lost, and is protected again', async () => {
    await goBack(30_000);
    const { reason } = await whole.start({ whenBehind: 'catch-up' });
    expect(reason).toBe('');
    expect(await days()).toEqual({ monday: 1000, tuesday: 30_000 });
    await write('wednesday', 10);
    await protectedNow();
    await whole.crash();
    whole.lose('data');
    await whole.start();
    expect(await days()).toEqual({ monday: 1000, tuesday: 30_000, wednesday: 10 });
  });

  it('catches up where the server was killed before the snapshot', async () => {
    await goBack(2000, 'killed');
    await whole.start({ whenBehind: 'catch-up' });
    expect(await days()).toEqual({ monday: 1000, tuesday: 2000 });
  });

  it('forks: the older state goes on, is backed up anew, and comes back after a loss; a second time it asks again', async () => {
    await goBack(30_000);
    const { reason } = await whole.start({ whenBehind: 'fork' });
    expect(reason).toBe('');
    expect(await days()).toEqual({ monday: 1000 });
    await write('wednesday', 10);
    await protectedNow();
    const [timeline] = await sql<{ timeline: number }>('SELECT timeline_id AS timeline FROM pg_control_checkpoint()');
    expect(timeline?.timeline).toBe(2);
    const backups = whole.server === null ? [] : await whole.pod.backups(await systemIdOf(whole.server));
    expect(backups.map((backup) => backup.timeline)).toContain(2);
    await whole.stop();
    const snapshot = whole.snapshot('data');
    await whole.start({ whenBehind: 'fork' });
    await write('wednesday', 10);
    await protectedNow();
    await whole.crash();
    whole.lose('data');
    await whole.start({ whenBehind: 'fork' });
    expect(await days()).toEqual({ monday: 1000, wednesday: 20 });
    await whole.stop();
    whole.putBack('data', snapshot);
    const again = await whole.start({ whenBehind: 'fork' });
    expect(again.code).toBe(1);
    expect(again.reason).toContain('was carried out at');
  });

  it('is no false alarm where the server and the agent are killed under load, again and again', async () => {
    const reasons: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      const client = await whole.server?.connect();
      const writing = (async () => {
        for (;;) {
          await client?.query("INSERT INTO orders SELECT 'tuesday' || repeat(md5(random()::text), 400)");
        }
      })().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 700 + round * 333));
      await whole.crash();
      await writing;
      reasons.push((await whole.start()).reason);
    }
    expect(reasons).toEqual(['', '', '', '']);
  });

  it('writes nothing over what the store has where the server runs all the same, and says so for as long', async () => {
    await goBack(50);
    // As with a store that could not be read when the pod started.
    whole.server = await whole.pod.startServer();
    whole.agent = await whole.pod.startAgent();
    await write('wednesday', 500);
    await untilFailure(whole.agent, 'receiver', /two histories\. Nothing is archived and nothing is written over/);
    await whole.stop();
    const { code, reason } = await whole.start();
    expect(code).toBe(1);
    expect(reason).toContain('the data volume went back and was written to since');
    // The store is as it was: all of Tuesday comes back.
    whole.lose('data');
    await whole.start();
    await eventually('Tuesday is back', async () => (await days())['tuesday'] === 50);
  });
});
