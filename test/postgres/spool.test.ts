import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentContract } from '../../src/agent/contract.ts';
import { eventually, initialise } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import { runBackupNow } from '../../src/agent/backup/run-backup-now.ts';
import { collectPrint } from './support/collected-print.ts';
import { newPod, storeRootOf, untilFailure } from './support/backup-agent.ts';
import { Bucket } from './support/bucket.ts';
import { runRestoreProcess } from './support/database-with-store.ts';
import type { RestoreResult } from './support/database-with-store.ts';
import { WholePod } from './support/whole-pod.ts';
import { lostRows, startWriters } from './support/writers.ts';
import type { Writers } from './support/writers.ts';

/**
 * A set with an object store and no claim: what lies in the place of the claim is a spool, which is gone with each pod. On a real server and a
 * real object store over TLS; one story, whose steps build on each other.
 */
describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup', 'go'))('backups without a claim', () => {
  let bucket: Bucket;
  let pod: WholePod;
  let spool = 400 * 2 ** 20;
  const offsite = (): Pick<AgentContract, 'offsite'> => ({
    offsite: { address: bucket.address, pushSeconds: 1, spool },
  });
  beforeAll(async () => {
    bucket = await Bucket.start('bucket');
    pod = new WholePod(await newPod('spool'));
    initialise({ dataDirectory: pod.pod.dataDirectory, arguments: ['--wal-segsize=1'] });
    pod.environment = bucket.environment;
  });
  afterAll(async () => {
    await pod.remove();
    await bucket.remove();
  });

  /** The pod is deleted with its node, and comes back on another. */
  async function newNode(): Promise<void> {
    await pod.crash();
    pod.lose('store');
  }

  async function metric(name: string): Promise<number> {
    return (await pod.agent?.metric(name)) ?? Number.NaN;
  }

  /** All that was committed before this is called is off-site, with a base backup that leads to it. */
  async function untilProtected(): Promise<void> {
    const now = Date.now() / 1000;
    let page = '';
    await eventually(
      'it is protected, and all is off-site',
      async () => {
        page = (await pod.agent?.get('/'))?.body ?? '';
        return (
          (await metric('pgusher_protected')) === 1 &&
          (await metric('pgusher_offsite_last_wal_timestamp_seconds')) > now
        );
      },
      () => `${page}\n${pod.agent?.output() ?? ''}`,
    );
  }

  async function backups(): Promise<readonly string[]> {
    return (await bucket.keys()).filter((key) => key.endsWith('/DONE.json'));
  }

  function server(): NonNullable<WholePod['server']> {
    if (pod.server === null) {
      throw new Error('no server runs');
    }
    return pod.server;
  }

  /** Milliseconds of performance.now() up to which the agent says that all is off-site. */
  async function safeUntil(): Promise<number> {
    return (await metric('pgusher_offsite_last_wal_timestamp_seconds')) * 1000 - performance.timeOrigin - 1;
  }

  function contents(): string[] {
    const root = storeRootOf(pod.pod);
    const [system = ''] = readdirSync(root).filter((name) => /^\d+$/.test(name));
    return ['base', 'wal/00000001'].flatMap((folder) =>
      existsSync(join(root, system, folder)) ? readdirSync(join(root, system, folder)) : [],
    );
  }

  it('a first start claims the place; what was sent leaves the spool', async () => {
    const aside = pod.snapshot('data');
    pod.lose('data');
    const first = await runRestoreProcess(
      { shared: pod.pod.shared },
      { ...pod.pod.contract, ...offsite() },
      { pod: 'orders-0', environment: bucket.environment, offsitePatienceMs: 2_000 },
    );
    expect(first.code, first.output).toBe(0);
    expect(readFileSync(join(pod.pod.shared, 'decision'), 'utf8')).toContain('action=initialise');
    expect(await bucket.keys()).toEqual(['shop/orders/STORE.json']);
    rmSync(join(pod.pod.shared, 'decision'));
    pod.putBack('data', aside);
    expect((await pod.start(offsite())).reason).toBe('');
    await untilProtected();
    await server().sql('CREATE TABLE filler AS SELECT repeat(md5(n::text), 30) FROM generate_series(1, 20000) AS n');
    await untilProtected();
    await eventually(
      'the spool holds the newest segments alone',
      () => contents().length <= 2,
      () => contents().join(', '),
    );
    expect(await backups()).toHaveLength(1);
  });

  it('a pod that is gone with its spool goes on where the copy ends: no gap, no new base backup, nothing lost', async () => {
    const written: Writers[] = [];
    for (let node = 0; node < 3; node += 1) {
      const writers = await startWriters(server(), 4, node * 1_000_000);
      written.push(writers);
      await writers.more(400);
      await newNode();
      await writers.stop();
      expect((await pod.start(offsite())).reason).toBe('');
      expect(await lostRows(server(), writers)).toEqual([]);
      await untilProtected();
      expect(await metric('pgusher_wal_gap_total')).toBe(0);
    }
    expect(await backups()).toHaveLength(1);
    // And all of it is off-site: the data is lost, too.
    const writers = await startWriters(server(), 4, 9_000_000);
    await writers.more(400);
    const safe = await safeUntil();
    await newNode();
    await writers.stop();
    const crashedAt = performance.now();
    pod.lose('data');
    const back = await pod.start(offsite());
    expect(back.reason).toBe('');
    expect(back.output).toContain('bringing base backup');
    for (const before of written) {
      expect(await lostRows(server(), before)).toEqual([]);
    }
    expect(await lostRows(server(), writers, safe)).toEqual([]);
    const lost = await lostRows(server(), writers);
    const oldest = Math.min(...lost.map((n) => writers.acknowledged.get(n) ?? Infinity), crashedAt);
    console.log(`lost: ${lost.length} rows, the oldest ${Math.round(crashedAt - oldest)} ms before the crash`);
    expect(crashedAt - oldest).toBeLessThan(5_000);
    await untilProtected();
    await eventually(
      'what was brought for the restore has left the spool',
      () => contents().length <= 2,
      () => contents().join(', '),
    );
  });

  it('a copy that is away over a start keeps nothing down: the server keeps its WAL until it is back', async () => {
    const count = (await backups()).length;
    const writers = await startWriters(server(), 4, 20_000_000);
    await bucket.goAway();
    await writers.more(400);
    await newNode();
    await writers.stop();
    expect((await pod.start(offsite())).reason).toBe('');
    if (pod.agent === null) {
      throw new Error('no agent runs');
    }
    await untilFailure(
      pod.agent,
      'identity',
      /^identity: nothing is received: the off-site copy .* could not be read yet: /,
    );
    expect(await metric('pgusher_protected')).toBe(0);
    const more = await startWriters(server(), 4, 30_000_000);
    await more.more(400);
    await server().sql('CHECKPOINT');
    await more.stop();
    await bucket.comeBack();
    await untilProtected();
    expect(await metric('pgusher_wal_gap_total')).toBe(0);
    expect(await backups()).toHaveLength(count);
    await newNode();
    pod.lose('data');
    expect((await pod.start(offsite())).reason).toBe('');
    expect(await lostRows(server(), writers)).toEqual([]);
    expect(await lostRows(server(), more)).toEqual([]);
    await untilProtected();
  });

  it('a restore that loses its pod on the way goes on with what it needs', async () => {
    await server().sql('CREATE TABLE last_words AS SELECT 1 AS n');
    await untilProtected();
    await newNode();
    pod.lose('data');
    const restore = async (): Promise<RestoreResult> =>
      runRestoreProcess(
        { shared: pod.pod.shared },
        { ...pod.pod.contract, ...offsite() },
        { pod: 'orders-0', environment: bucket.environment, offsitePatienceMs: 2_000 },
      );
    expect((await restore()).code).toBe(0);
    expect(existsSync(join(pod.pod.dataDirectory, 'recovery.signal'))).toBe(true);
    // PGDATA is there, its recovery has not begun, and the spool is gone.
    pod.lose('store');
    await bucket.goAway();
    const waits = await restore();
    expect(waits.reason).toMatch(/^PGDATA is in the middle of a recovery .* could not be brought: /);
    await bucket.comeBack();
    expect((await pod.start(offsite())).reason).toBe('');
    expect(await server().sql('SELECT n FROM last_words')).toEqual([{ n: 1 }]);
    await untilProtected();
  });

  it('data that went back is not started over what the copy has', async () => {
    await pod.stop();
    const older = pod.snapshot('data');
    pod.lose('store');
    expect((await pod.start(offsite())).reason).toBe('');
    const writers = await startWriters(server(), 2, 40_000_000);
    await writers.more(100);
    await writers.stop();
    await untilProtected();
    await pod.stop();
    pod.lose('store');
    const newer = pod.snapshot('data');
    pod.putBack('data', older);
    expect((await pod.start(offsite())).reason).toMatch(/^the data volume went back: /);
    // The copy is away: the server starts, and nothing of it is sent over what is there.
    pod.lose('store');
    await bucket.goAway();
    expect((await pod.start(offsite())).reason).toBe('');
    const before = await server().sql<{ n: number }>('SELECT count(*)::int AS n FROM written WHERE n >= 40000000');
    expect(before).toEqual([{ n: 0 }]);
    await server().sql('CREATE TABLE another_history AS SELECT 1 AS n');
    await bucket.comeBack();
    const keys = await bucket.keys();
    if (pod.agent === null) {
      throw new Error('no agent runs');
    }
    await untilFailure(pod.agent, 'receiver', /two histories|that this server never wrote/);
    expect(await bucket.keys()).toEqual(keys);
    await pod.stop();
    pod.lose('store');
    pod.putBack('data', newer);
    expect((await pod.start(offsite())).reason).toBe('');
    await untilProtected();
    expect(await lostRows(server(), writers)).toEqual([]);
  });

  it('what cannot be sent fills a quarter of the spool and no more; the rest waits on the server', async () => {
    await pod.stop();
    pod.lose('store');
    spool = 40 * 2 ** 20;
    expect((await pod.start(offsite())).reason).toBe('');
    await untilProtected();
    await bucket.goAway();
    await server().sql(
      'CREATE TABLE much AS SELECT md5(n::text) || md5((-n)::text) AS t FROM generate_series(1, 300000) AS n',
    );
    if (pod.agent === null) {
      throw new Error('no agent runs');
    }
    await untilFailure(pod.agent, 'receiver', /the spool holds .* of WAL that is not off-site yet/);
    const writers = await startWriters(server(), 2, 50_000_000);
    await writers.more(100);
    await writers.stop();
    await bucket.comeBack();
    await untilProtected();
    expect(await metric('pgusher_wal_gap_total')).toBe(0);
    spool = 400 * 2 ** 20;
    await newNode();
    pod.lose('data');
    expect((await pod.start(offsite())).reason).toBe('');
    expect(await server().sql('SELECT count(*)::int AS n FROM much')).toEqual([{ n: 300000 }]);
    expect(await lostRows(server(), writers)).toEqual([]);
    await untilProtected();
  });

  it('a base backup that does not fit is given up before the kubelet would evict the pod; one that was asked for is off-site when it is taken', async () => {
    const taken = collectPrint();
    expect(await runBackupNow(pod.pod.shared, taken.print), taken.lines.join('\n')).toBe(0);
    const [id = ''] = taken.lines;
    expect((await backups()).filter((key) => key.includes(id))).toHaveLength(1);
    await pod.stop();
    pod.lose('store');
    spool = 40 * 2 ** 20;
    expect((await pod.start(offsite())).reason).toBe('');
    await server().sql(
      `CREATE TABLE noise AS SELECT decode(string_agg(md5(random()::text), ''), 'hex') AS bytes
         FROM generate_series(1, 4000000) AS n GROUP BY n / 100`,
    );
    await untilProtected();
    const refused = collectPrint();
    expect(await runBackupNow(pod.pod.shared, refused.print)).toBe(1);
    expect(refused.lines.join('\n')).toMatch(/given up: it does not fit in the spool|a base backup needs about/);
    await eventually(
      'nothing of it is left',
      () => contents().length <= 2,
      () => contents().join(', '),
    );
    await server().sql('DROP TABLE noise');
    spool = 400 * 2 ** 20;
  });

  it('a bucket that somebody emptied gets a new base backup at once', async () => {
    await bucket.goAway();
    bucket.empty();
    await bucket.comeBack();
    await newNode();
    expect((await pod.start(offsite())).reason).toBe('');
    await untilProtected();
    expect(await backups()).toHaveLength(1);
    await newNode();
    pod.lose('data');
    expect((await pod.start(offsite())).reason).toBe('');
    expect(await server().sql('SELECT n FROM last_words')).toEqual([{ n: 1 }]);
    await untilProtected();
  });
});
