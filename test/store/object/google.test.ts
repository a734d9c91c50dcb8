import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openPlace } from '../../../src/store/object/open-place.ts';
import type { Place } from '../../../src/store/place.ts';
import { readWhole } from '../../../src/store/read-whole.ts';
import { generationOf, googleDialect } from '../../support/fault-google.ts';
import type { FaultStore } from '../../support/fault-store.ts';
import { startFaultStore } from '../../support/fault-store.ts';
import { first, hangsUp, losesAnswer, saying } from './faults.ts';
import { kinds, large, patient, placeAt, refill, told, verbs } from './verbs.ts';

let store: FaultStore;
let place: Place;
beforeAll(async () => {
  store = await startFaultStore(undefined, googleDialect);
  place = await placeAt(store.origin, patient, '', 'gs');
});
beforeEach(() => {
  refill(store);
  store.fault = null;
});
afterAll(async () => {
  place.close();
  await store.close();
});

describe('by the conditions that Google has', () => {
  test('of two writers one is told that it was the first, and nothing is replaced that has changed', async () => {
    const put = await place.putIfAbsent('a/new', Buffer.from('one'));
    expect(put).toEqual({ outcome: 'stored', version: `"${generationOf(Buffer.from('one'))}"` });
    expect(await place.putIfAbsent('a/new', Buffer.from('two'))).toEqual({ outcome: 'exists' });
    const read = await readWhole(place, 'a/new');
    expect(read).toMatchObject({ bytes: Buffer.from('one'), version: 'version' in put && put.version });
    const version = 'version' in put ? put.version : '';
    expect(told(await place.replaceIfUnchanged('a/new', Buffer.from('three'), version))).toBe('stored');
    expect(told(await place.replaceIfUnchanged('a/new', Buffer.from('four'), version))).toBe('changed');
    expect(told(await place.replaceIfUnchanged('a/none', Buffer.from('four'), version))).toBe('changed');
    expect(store.asked.map((asked) => asked.headers['x-goog-if-generation-match'])).toEqual([
      '0',
      '0',
      undefined,
      ...Array<string>(3).fill(generationOf(Buffer.from('one'))),
    ]);
  });

  test('a probe finds all it needs', async () => {
    expect(await place.probe()).toMatchObject({ seesAbsence: true, mayList: true, writesOnce: true, mayDelete: true });
  });
});

test('no request has a header of Amazon’s; all are signed; every write has its length and MD5', async () => {
  for (const verb of ['read', 'list', 'putIfAbsent', 'replace', 'put', 'upload', 'delete'] as const) {
    await verbs[verb](place);
  }
  for (const { headers, query, method, body } of store.asked) {
    expect(Object.keys(headers).filter((name) => name.startsWith('x-amz-'))).toEqual([]);
    expect(query.has('x-id')).toBe(false);
    expect(headers.authorization).toMatch(
      /^GOOG4-HMAC-SHA256 Credential=GOOG1E\/\d{8}\/auto\/storage\/goog4_request, SignedHeaders=.*host.*x-goog-date.*, Signature=[0-9a-f]{64}$/,
    );
    if (method === 'PUT') {
      expect(headers['content-length']).toBe(String(body.length));
      expect(headers['content-md5']).toMatch(/==$/);
    }
  }
  expect(store.asked.filter(({ method }) => method === 'PUT')).toHaveLength(5);
  expect(store.objects.get('shop/db/a/large')?.bytes.equals(large)).toBe(true);
});

test.each([
  ['SlowDown', saying(503, 'SlowDown')],
  ['a broken connection', hangsUp],
  ['a lost answer', losesAnswer],
])('%s goes over: every verb does what was asked', async (_, fault) => {
  for (const [verb, outcome] of [
    ['read', 'found'],
    ['list', 'listed'],
    ['putIfAbsent', 'stored'],
    ['replace', 'stored'],
    ['put', 'stored'],
    ['delete', 'deleted'],
  ] as const) {
    refill(store);
    store.fault = first(1, fault);
    expect([verb, told(await verbs[verb](place))]).toEqual([verb, outcome]);
  }
});

test('the storage class is asked for in Google’s words', async () => {
  const own = await placeAt(store.origin, patient, '&storage-class=NEARLINE', 'gs');
  await verbs.putIfAbsent(own);
  expect(store.asked[0]?.headers['x-goog-storage-class']).toBe('NEARLINE');
  own.close();
});

test('half a pair of keys is said before anything is asked, and a place says where it is', async () => {
  await expect(openPlace('gs://backups', { GS_ACCESS_KEY_ID: 'x' })).rejects.toThrow(
    'there is GS_ACCESS_KEY_ID without GS_SECRET_ACCESS_KEY; wanted both',
  );
  await expect(openPlace('gs://backups', { GS_SECRET_ACCESS_KEY: 'x' })).rejects.toThrow(
    'there is GS_SECRET_ACCESS_KEY without GS_ACCESS_KEY_ID; wanted both',
  );
  const own = await openPlace('gs://backups/shop', kinds.gs.credentials);
  expect(own.name).toBe('gs://backups/shop');
  own.close();
});

test('the platform’s token is asked of the metadata server, once as long as it lasts', async () => {
  let status = 200;
  const asked: unknown[] = [];
  const metadata = createServer((request, response) => {
    asked.push([request.url, request.headers['metadata-flavor']]);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ access_token: 'of Google', expires_in: 3599, token_type: 'Bearer' }));
  });
  metadata.listen(0, '127.0.0.1');
  await once(metadata, 'listening');
  const environment = { GCE_METADATA_HOST: `127.0.0.1:${(metadata.address() as AddressInfo).port}` };
  const address = `gs://backups/shop/db?endpoint=${store.origin}&plain-http=allowed`;
  const own = await openPlace(address, environment, patient);
  expect(told(await verbs.read(own))).toBe('found');
  expect(told(await verbs.putIfAbsent(own))).toBe('stored');
  expect(store.asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer of Google', 'Bearer of Google']);
  expect(asked).toEqual([['/computeMetadata/v1/instance/service-accounts/default/token', 'Google']]);
  own.close();
  status = 404;
  const without = await openPlace(address, environment, patient);
  expect(await verbs.read(without)).toMatchObject({
    outcome: 'denied',
    why: 'credentials',
    words: expect.stringContaining('answered 404 without a token; wanted a service account') as string,
  });
  without.close();
  metadata.closeAllConnections();
  metadata.close();
});
