import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runList } from '../../../src/agent/list/run-list.ts';
import { storePlace } from '../../../src/agent/store/store-place.ts';
import { claimBucket } from '../../../src/agent/offsite/bucket-identity.ts';
import { setPlace } from '../../../src/agent/offsite/set-place.ts';
import { openPlace } from '../../../src/store/object/open-place.ts';
import type { Fault, FaultStore } from '../../support/fault-store.ts';
import { startFaultStore, storedObject } from '../../support/fault-store.ts';
import { loginPage, page, saying } from '../../store/object/faults.ts';
import { backupAt, ClaimFolder, identity, pushAll, systemId } from '../offsite/claim-folder.ts';

const credentials = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };
const main = join(import.meta.dirname, '../../../src/agent/main.ts');

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** `pgusher-agent` as it is typed on a laptop. */
async function typed(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env['PATH'], ...credentials },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, error] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (error += text.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, error };
}

/** The same without a process of its own. */
async function list(mount: string, prefix: string, json = false): Promise<Ended> {
  let [out, error] = ['', ''];
  const code = await runList(
    { from: storePlace({ mount, prefix }), environment: credentials, json, now: new Date() },
    { out: (line) => (out += line), error: (line) => (error += line) },
  );
  return { code, out, error };
}

describe('pgusher-agent list, of a bucket', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pgusher-list-'));
  const claim = new ClaimFolder(join(directory, 'shop/orders'));
  let bucket: FaultStore;
  let address: string;
  let well: ReadonlyMap<string, ReturnType<typeof storedObject>>;

  beforeAll(async () => {
    bucket = await startFaultStore();
    address = `s3://backups/cluster-1?endpoint=${bucket.origin}&plain-http=allowed`;
    await claim.identity();
    await claim.backup(backupAt(3));
    await claim.backup(backupAt(6));
    await claim.wal(3, 4, 5, 6, 7);
    await claim.partial(8, 200_000);
    const place = await openPlace(address, credentials);
    await claimBucket(
      setPlace(place, 'shop/orders/', () => undefined),
      identity,
    );
    await pushAll(
      setPlace(place, 'shop/orders/', () => undefined),
      claim,
    );
    place.close();
    well = new Map(bucket.objects);
  });
  beforeEach(() => {
    bucket.fault = null;
    bucket.asked.length = 0;
    bucket.objects.clear();
    for (const [key, object] of well) {
      bucket.objects.set(key, object);
    }
  });
  afterAll(async () => {
    await bucket.close();
    rmSync(directory, { recursive: true });
  });

  test('says what it says of the claim, and changes nothing', async () => {
    const ofClaim = await list(directory, 'shop/orders', true);
    const ofBucket = await list(address, 'shop/orders', true);
    expect(ofBucket).toEqual(ofClaim);
    const listing = JSON.parse(ofBucket.out) as { readonly backups: readonly { id: string; walTo: string }[] };
    expect(listing.backups.map(({ id }) => id)).toEqual([backupAt(3).id, backupAt(6).id]);
    expect(listing.backups.map(({ walTo }) => walTo)).toEqual(Array(2).fill('000000010000000000000008'));
    expect(new Set(bucket.asked.map(({ method }) => method))).toEqual(new Set(['GET']));
    expect(bucket.objects).toEqual(well);
  });

  test('tells a hole in the WAL', async () => {
    for (const key of [...bucket.objects.keys()].filter((name) => name.endsWith('000000010000000000000005.zst'))) {
      bucket.objects.delete(key);
    }
    const { code, out } = await list(address, '/shop/orders/');
    expect(code).toBe(0);
    expect(out).toContain(`GAP after ${backupAt(3).id}: 000000010000000000000005 is missing`);
  });

  test('tells a record that is damaged', async () => {
    const key = `cluster-1/shop/orders/${systemId}/base/${backupAt(3).id}/DONE.json`;
    bucket.objects.set(key, storedObject(Buffer.from('{}'), {}));
    expect((await list(address, 'shop/orders')).out).toContain(`DAMAGED ${backupAt(3).id}: `);
  });

  test('takes a bucket without the set for no store', async () => {
    const { code, out, error } = await list(address, 'shop/order');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(error).toContain('(shop/order) is no store: it has no STORE.json. Is the bucket the right one');
  });

  test.each<readonly [string, Fault, string]>([
    ['a missing bucket', saying(404, 'NoSuchBucket'), 'NoSuchBucket'],
    ['a 404 page', page(404, 'text/html', '<html>nginx</html>'), 'answered 404 with text/html'],
    ['no right to list', saying(403, 'AccessDenied'), 'answered 403 AccessDenied'],
    ['a login page', page(200, 'text/html', loginPage), 'answered 200 with text/html'],
  ])('never says that there is nothing: %s', async (_, fault, words) => {
    bucket.fault = fault;
    const { code, out, error } = await list(address, 'shop/orders');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(error).toContain('STORE.json in s3://backups/cluster-1 at ');
    expect(error).toContain(words);
  });

  test('an address that is wrong is told', async () => {
    expect(await list('s3://backups?regoin=eu', 'shop/orders')).toMatchObject({
      code: 1,
      error: expect.stringContaining('Did you mean region?') as string,
    });
  });

  test('is there on the command line; what needs a directory says so', async () => {
    const listed = await typed('list', '--store', address, '--prefix', 'shop/orders');
    expect(listed).toMatchObject({ code: 0, error: '' });
    expect(listed.out).toContain(backupAt(6).id);
    expect(await typed('verify', '--store', address, '--prefix', 'shop/orders')).toMatchObject({
      code: 1,
      error: expect.stringContaining('wanted a directory: copy shop/orders of the bucket there first') as string,
    });
  });
});
