import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asServerUser, eventually, initialise, removeDirectory, scratchDirectory } from '../support/postgres-server.ts';
import { missingTools } from '../support/tool.ts';
import { newPod, storeRootOf } from './support/backup-agent.ts';
import { Bucket } from './support/bucket.ts';
import { node, runRestoreProcess } from './support/database-with-store.ts';
import type { RestoreOptions, RestoreResult } from './support/database-with-store.ts';
import { startRecovered } from './support/recovery.ts';
import { WholePod } from './support/whole-pod.ts';
import { lostRows, startWriters } from './support/writers.ts';

/**
 * A claim that is copied to a bucket, on a real server and a real object store over TLS: volume and claim are lost together. One story,
 * whose steps build on each other: each start of a server costs.
 */
describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup', 'go'))('backups that leave the zone', () => {
  let bucket: Bucket;
  let pod: WholePod;
  const offsite = (): { readonly offsite: { readonly address: string; readonly pushSeconds: number } } => ({
    offsite: { address: bucket.address, pushSeconds: 1 },
  });
  beforeAll(async () => {
    bucket = await Bucket.start('bucket');
    pod = new WholePod(await newPod('off-site'));
    initialise({ dataDirectory: pod.pod.dataDirectory, arguments: ['--wal-segsize=1'] });
    pod.environment = bucket.environment;
  });
  afterAll(async () => {
    await pod.remove();
    await bucket.remove();
  });

  async function restore(options: RestoreOptions = {}): Promise<RestoreResult> {
    rmSync(join(pod.pod.shared, 'decision'), { force: true });
    return runRestoreProcess(
      { shared: pod.pod.shared },
      { ...pod.pod.contract, ...offsite() },
      {
        pod: 'orders-0',
        environment: bucket.environment,
        offsitePatienceMs: 2_000,
        ...options,
      },
    );
  }

  function loseBoth(): void {
    pod.lose('data');
    pod.lose('store');
  }

  /** Nothing was restored, and nothing may be initialised. */
  function expectNothing(result: RestoreResult, words: RegExp): void {
    expect(result.reason).toMatch(words);
    expect(result.code).toBe(1);
    expect(existsSync(join(pod.pod.shared, 'decision'))).toBe(false);
    expect(existsSync(join(storeRootOf(pod.pod), 'STORE.json'))).toBe(false);
  }

  async function untilCopied(): Promise<void> {
    await eventually(
      'all of the claim is off-site',
      async () =>
        (await pod.agent?.metric('pgusher_offsite_ours')) === 1 &&
        ((await pod.agent?.metric('pgusher_base_backups')) ?? 0) > 0 &&
        ((await pod.agent?.metric('pgusher_offsite_base_backups')) ?? 0) >=
          ((await pod.agent?.metric('pgusher_base_backups')) ?? 0) &&
        (await pod.agent?.metric('pgusher_offsite_lag_bytes')) === 0,
      () => pod.agent?.output() ?? '',
    );
  }

  it('a first start makes the place its own before anything is initialised, and waits where that cannot be', async () => {
    const aside = pod.snapshot('data');
    pod.lose('data');
    await bucket.goAway();
    const refused = await restore();
    expect(refused.reason).toMatch(
      /^PGDATA is empty, the claim for backups is empty, and the off-site copy .* cannot be read: /,
    );
    expect(refused.code).toBe(1);
    await bucket.comeBack();
    const first = await restore();
    expect(first.code, first.output).toBe(0);
    expect(readFileSync(join(pod.pod.shared, 'decision'), 'utf8')).toContain('action=initialise');
    expect(await bucket.keys()).toEqual(['shop/orders/STORE.json']);
    pod.putBack('data', aside);
  });

  it('what the agent says is off-site comes back when volume and claim are lost under writers', async () => {
    expect((await pod.start(offsite())).reason).toBe('');
    const { server, agent } = pod;
    if (server === null || agent === null) {
      throw new Error('nothing runs');
    }
    // Killed while it sends: the next one goes on.
    await eventually(
      'something is off-site',
      async () => (await bucket.keys()).length > 3,
      () => agent.output(),
    );
    await agent.kill();
    pod.agent = await pod.pod.startAgent({ contract: offsite(), environment: bucket.environment });
    await untilCopied();
    const writers = await startWriters(server, 4);
    await writers.more(400);
    // Away for a while: nothing of the claim waits for it.
    await bucket.goAway();
    await eventually(
      'the agent says so',
      async () => (await pod.agent?.get('/readyz'))?.body.includes('offsite: ') === true,
      () => pod.agent?.output() ?? '',
    );
    await writers.more(200);
    expect(await pod.agent.metric('pgusher_protected')).toBe(1);
    await bucket.comeBack();
    await untilCopied();
    await writers.more(400);
    const through = await pod.agent.metric('pgusher_offsite_last_wal_timestamp_seconds');
    const crashedAt = performance.now();
    await pod.crash();
    await writers.stop();
    loseBoth();
    // On this process's own clock, which tells fractions of the milliseconds that the agent's has.
    const safe = through * 1000 - performance.timeOrigin - 1;
    const back = await pod.start(offsite());
    expect(back.reason).toBe('');
    expect(back.output).toContain('bringing base backup');
    if (pod.server === null) {
      throw new Error('nothing runs');
    }
    expect([...writers.acknowledged.values()].some((at) => at < safe && at > safe - 60_000)).toBe(true);
    expect(await lostRows(pod.server, writers, safe)).toEqual([]);
    const lost = new Set(await lostRows(pod.server, writers));
    const oldest = Math.min(...[...writers.acknowledged].filter(([n]) => lost.has(n)).map(([, at]) => at), crashedAt);
    console.log(
      `lost: ${lost.size} rows, the oldest ${Math.round(crashedAt - oldest)} ms before the crash; off-site up to ${Math.round(crashedAt - safe)} ms before it`,
    );
    await untilCopied();
  });

  it('goes on to be copied after that, once: what was there is not sent again', async () => {
    const output = pod.agent?.output() ?? '';
    expect(output).not.toContain('nothing is sent off-site');
    expect([...output.matchAll(/"key":"([^"]*base\/[^"]*tar[^"]*)"/g)].length).toBeLessThanOrEqual(1);
    expect(readdirSync(storeRootOf(pod.pod))).toContain('STORE.json');
  });

  it('is fetched on from wherever it was killed', async () => {
    await pod.server?.sql('CREATE TABLE last_words AS SELECT 1 AS n');
    await untilCopied();
    await pod.stop();
    loseBoth();
    const steps = join(pod.pod.directory, 'steps');
    expect((await restore({ stepsTo: steps })).reason).toBe('');
    const made = readFileSync(steps, 'utf8').trim().split('\n');
    const last = made.findIndex((step) => step.startsWith('rename') && step.includes('STORE.json'));
    expect(last).toBeGreaterThan(20);
    loseBoth();
    // Each goes on where the one before was killed, so that none gets as far as STORE.json.
    for (const share of [0.05, 0.3, 0.3]) {
      const result = await restore({ killAtStep: Math.floor(last * share) });
      expect(result.signal).toBe('SIGKILL');
      expect(existsSync(join(storeRootOf(pod.pod), 'STORE.json'))).toBe(false);
    }
    expect((await pod.start(offsite())).reason).toBe('');
    expect(await pod.server?.sql('SELECT n FROM last_words')).toEqual([{ n: 1 }]);
    await untilCopied();
    await pod.crash();
  });

  it('is restored on a laptop from the bucket alone, read only, and goes on after it was cut off', async () => {
    const laptop = scratchDirectory('laptop');
    const directory = join(laptop, 'data');
    const before = await bucket.keys();
    const restoreTo = (more: readonly string[] = [], environment = bucket.environment): ReturnType<typeof spawnSync> =>
      spawnSync(
        node,
        [
          join(import.meta.dirname, '../../src/agent/main.ts'),
          ...['restore', '--to', directory, '--store', bucket.address, '--prefix', 'shop/orders', ...more],
        ],
        { ...asServerUser(), cwd: '/tmp', encoding: 'utf8', env: { ...process.env, ...environment } },
      );
    expect(restoreTo(['--prefix', 'shop/others']).stderr).toMatch(/^no base backup in .*: nothing is there\. Wanted: /);
    expect(restoreTo(['--prefix', 'orders']).stderr).toMatch(/wanted <namespace>\/<name>/);
    expect(restoreTo([], { ...bucket.environment, AWS_SECRET_ACCESS_KEY: 'another' }).status).toBe(1);
    // An id that nobody has: all is fetched, then refused.
    const refused = restoreTo(['--backup', '20260101T000000Z_00000001_0000000000000028']);
    expect({ code: refused.status, error: refused.stderr }).toMatchObject({
      code: 1,
      error: expect.stringContaining(`is kept in ${laptop}/.data.pgusher-fetched`) as string,
    });
    expect(existsSync(directory)).toBe(false);
    const result = restoreTo();
    expect({ code: result.status, error: result.stderr }).toEqual({ code: 0, error: '' });
    // The base backup was not fetched twice; what is sent of the newest segment may have grown, and is.
    const [first = 0, second = Infinity] = [refused, result].map(({ stdout }) =>
      Number(/from the off-site copy: .* of ([\d.]+) MiB/.exec(String(stdout))?.[1]),
    );
    expect(second).toBeLessThan(first / 2);
    expect(readdirSync(laptop)).toEqual(['data']);
    const server = await startRecovered(directory);
    expect(await server.sql('SELECT n FROM last_words')).toEqual([{ n: 1 }]);
    await server.kill();
    removeDirectory(laptop);
    expect(await bucket.keys()).toEqual(before);
  });

  it('a place that cannot be asked stops the start; nothing is initialised', async () => {
    loseBoth();
    expectNothing(
      await restore({ environment: { ...bucket.environment, AWS_SECRET_ACCESS_KEY: 'another' } }),
      /^PGDATA is empty, the claim for backups is empty, and the off-site copy s3:\/\/backups\/production .* cannot be read: /,
    );
    await bucket.goAway();
    expectNothing(await restore(), /^PGDATA is empty, .* cannot be read: /);
    await bucket.comeBack();
    expect((await restore()).code).toBe(0);
    expect(readFileSync(join(pod.pod.shared, 'decision'), 'utf8')).toContain('action=restored');
  });

  it('a bucket that somebody emptied is filled again from the claim', async () => {
    await bucket.goAway();
    bucket.empty();
    await bucket.comeBack();
    expect((await pod.start(offsite())).reason).toBe('');
    await untilCopied();
    expect(await bucket.keys()).toContain('shop/orders/STORE.json');
    await pod.crash();
  });

  it('a claim that is lost alone goes on as the store that the copy is of', async () => {
    const identity = readFileSync(join(storeRootOf(pod.pod), 'STORE.json'), 'utf8');
    const before = await bucket.keys();
    pod.lose('store');
    expect((await pod.start(offsite())).reason).toBe('');
    await untilCopied();
    expect(readFileSync(join(storeRootOf(pod.pod), 'STORE.json'), 'utf8')).toBe(identity);
    // Nothing was removed there because the new claim lacks it.
    const after = new Set(await bucket.keys());
    expect(before.filter((key) => key.endsWith('/DONE.json') && !after.has(key))).toEqual([]);
    await pod.crash();
  });
});
