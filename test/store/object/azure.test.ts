import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readXml } from '../../../src/store/object/azure/xml.ts';
import { openPlace } from '../../../src/store/object/open-place.ts';
import type { Place } from '../../../src/store/place.ts';
import { azureDialect, blobEntry, listing } from '../../support/fault-azure.ts';
import type { FaultStore } from '../../support/fault-store.ts';
import { startFaultStore } from '../../support/fault-store.ts';
import { bodyOf, first, hangsUp, losesAnswer, only, page, refusing, saying, silent } from './faults.ts';
import { large, patient, placeAt, refill, stored, told, verbs } from './verbs.ts';

let store: FaultStore;
let place: Place;
beforeAll(async () => {
  store = await startFaultStore(undefined, azureDialect);
  place = await placeAt(store.origin, patient, '', 'azblob');
});
beforeEach(() => {
  refill(store);
  store.fault = null;
});
afterAll(async () => {
  place.close();
  await store.close();
});

const address = 'azblob://pgusher/backups/shop/db';
const identity = {
  AZURE_TENANT_ID: 'tenant',
  AZURE_CLIENT_ID: 'client',
  AZURE_FEDERATED_TOKEN_FILE: '/var/run/secrets/azure/tokens/azure-identity-token',
};
const signature = 'sv=2023-11-03&sp=rl&sig=abc';

describe('credentials', () => {
  test.each([
    ['none', {}, 'there are no credentials for Azure; wanted AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN'],
    [
      'a connection string',
      { AZURE_STORAGE_CONNECTION_STRING: 'AccountName=pgusher;AccountKey=a2V5' },
      'AZURE_STORAGE_CONNECTION_STRING is not read: its AccountKey= is AZURE_STORAGE_KEY',
    ],
    ['a key with a line break', { AZURE_STORAGE_KEY: 'a2V5\n' }, 'AZURE_STORAGE_KEY ends with white space'],
    ['a key that is none', { AZURE_STORAGE_KEY: 'AccountKey=a2V5' }, 'AZURE_STORAGE_KEY is no base64; wanted key1'],
    [
      'two of them',
      { AZURE_STORAGE_KEY: 'a2V5', AZURE_STORAGE_SAS_TOKEN: signature },
      'there are AZURE_STORAGE_KEY and AZURE_STORAGE_SAS_TOKEN; wanted one',
    ],
    [
      'a whole address in place of a signature',
      { AZURE_STORAGE_SAS_TOKEN: `https://pgusher.blob.core.windows.net/backups?${signature}` },
      'AZURE_STORAGE_SAS_TOKEN is no shared access signature; wanted what stands behind the question mark',
    ],
    ['no signature in it', { AZURE_STORAGE_SAS_TOKEN: 'sv=2023-11-03&sp=rl' }, 'is no shared access signature'],
    [
      'another account',
      { AZURE_STORAGE_ACCOUNT: 'other', AZURE_STORAGE_KEY: 'a2V5' },
      'AZURE_STORAGE_ACCOUNT is "other", and the store\'s address names the account pgusher; wanted the same',
    ],
    [
      'a part of an identity',
      { AZURE_CLIENT_ID: 'client' },
      'there is AZURE_CLIENT_ID without AZURE_TENANT_ID and AZURE_FEDERATED_TOKEN_FILE; wanted all of them',
    ],
  ])('%s: said before anything is asked', async (_, environment, words) => {
    await expect(openPlace(address, environment)).rejects.toThrow(words);
  });

  test('a place says where it is, and no secret', async () => {
    const own = await openPlace(address, { AZURE_STORAGE_KEY: 'a2V5' });
    expect(own.name).toBe('azblob://pgusher/backups/shop/db');
    own.close();
  });

  test('a signature goes along as it is, and no other header with it', async () => {
    const own = await openPlace(`${address}?endpoint=${store.origin}&plain-http=allowed`, {
      AZURE_STORAGE_SAS_TOKEN: `?${signature}`,
    });
    expect(told(await own.list('a/'))).toBe('listed');
    const [asked] = store.asked;
    expect(asked?.query.get('sig')).toBe('abc');
    expect(asked?.query.get('prefix')).toBe('shop/db/a/');
    expect(asked?.headers.authorization).toBeUndefined();
    own.close();
  });

  test('a signature whose end has passed is said as that, whatever the store says', async () => {
    const own = await openPlace(`${address}?endpoint=${store.origin}&plain-http=allowed`, {
      AZURE_STORAGE_SAS_TOKEN: `${signature}&se=2020-01-01T00:00:00Z`,
    });
    store.fault = saying(403, 'AuthenticationFailed');
    expect(told(await own.read('a/b'))).toBe('denied expired');
    own.close();
  });
});

describe('the workload identity', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pgusher-azure-identity-'));
  const tokenFile = join(directory, 'token');
  let asked: URLSearchParams[] = [];
  let answer: { readonly status: number; readonly body: object } = { status: 200, body: {} };
  const authority = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      asked.push(new URLSearchParams(`path=${request.url ?? ''}&${Buffer.concat(pieces).toString()}`));
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer.body));
    });
  });
  let own: Place;

  beforeAll(async () => {
    authority.listen(0, '127.0.0.1');
    await once(authority, 'listening');
  });
  beforeEach(async () => {
    asked = [];
    writeFileSync(tokenFile, 'of the cluster\n');
    const host = `http://127.0.0.1:${(authority.address() as AddressInfo).port}/`;
    own = await openPlace(
      `${address}?endpoint=${store.origin}&plain-http=allowed`,
      { ...identity, AZURE_FEDERATED_TOKEN_FILE: tokenFile, AZURE_AUTHORITY_HOST: host },
      { ...patient, budgetMs: 300 },
    );
  });
  afterEach(() => {
    own.close();
  });
  afterAll(() => {
    authority.closeAllConnections();
    authority.close();
    rmSync(directory, { recursive: true });
  });

  test('is given in exchange for a token, once as long as it lasts', async () => {
    answer = { status: 200, body: { access_token: 'of Microsoft', expires_in: 3600, token_type: 'Bearer' } };
    expect(told(await own.read('a/b'))).toBe('found');
    expect(told(await own.list(''))).toBe('listed');
    expect(store.asked.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer of Microsoft',
      'Bearer of Microsoft',
    ]);
    expect(asked.map((form) => Object.fromEntries(form))).toEqual([
      {
        path: '/tenant/oauth2/v2.0/token',
        client_id: 'client',
        scope: 'https://storage.azure.com/.default',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: 'of the cluster',
        grant_type: 'client_credentials',
      },
    ]);
  });

  test('is asked for anew before it ends, with what the file holds then', async () => {
    answer = { status: 200, body: { access_token: 'short', expires_in: 200 } };
    await own.read('a/b');
    writeFileSync(tokenFile, 'the next one');
    await own.read('a/b');
    expect(asked.map((form) => form.get('client_assertion'))).toEqual(['of the cluster', 'the next one']);
  });

  test('that is refused is said with the words of who refused it', async () => {
    answer = {
      status: 400,
      body: {
        error: 'unauthorized_client',
        error_description: "AADSTS700016: Application 'client' was not found.\nTrace",
      },
    };
    expect(await own.read('a/b')).toMatchObject({
      outcome: 'denied',
      why: 'credentials',
      words: expect.stringContaining("AADSTS700016: Application 'client' was not found.") as string,
    });
    expect(store.asked).toEqual([]);
    answer = { status: 200, body: { access_token: 7 } };
    expect(told(await own.read('a/b'))).toBe('not-this-store');
    answer = { status: 503, body: { error: 'temporarily_unavailable' } };
    expect(told(await own.read('a/b'))).toBe('unreachable busy');
    rmSync(tokenFile);
    expect(await own.read('a/b')).toMatchObject({
      outcome: 'denied',
      words: expect.stringContaining("the cluster's token cannot be read: ENOENT") as string,
    });
  });
});

describe('what goes over', () => {
  test.each([
    ['ServerBusy', saying(503, 'ServerBusy')],
    ['a broken connection', hangsUp],
    ['an empty 500', page(500, null, '')],
    ['a clock that is learned', refusing("Request date header too old: 'Mon, 30 Nov 2026'")],
  ])('%s: every verb does what was asked', async (_, fault) => {
    for (const [verb, outcome] of [
      ['read', 'found'],
      ['list', 'listed'],
      ['putIfAbsent', 'stored'],
      ['replace', 'stored'],
      ['put', 'stored'],
      ['upload', 'stored'],
      ['delete', 'deleted'],
    ] as const) {
      refill(store);
      store.fault = first(1, fault);
      expect([verb, told(await verbs[verb](place))]).toEqual([verb, outcome]);
    }
  });

  test('a clock that is off is put right by that of the store', async () => {
    const own = await placeAt(store.origin, patient, '', 'azblob');
    store.fault = first(1, (asked, response) => {
      response.setHeader('date', 'Tue, 01 Jan 2030 00:00:00 GMT');
      store.refuse(asked, response, 403, 'AuthenticationFailed');
      return undefined;
    });
    expect(told(await own.read('a/b'))).toBe('found');
    expect(store.asked.map(({ headers }) => String(headers['x-ms-date']).includes('2030'))).toEqual([false, true]);
    own.close();
  });

  test.each(['cut', 'stall'] as const)(
    'a body that is %s goes on where it stopped, of the same version',
    async (end) => {
      const own = await placeAt(store.origin, end === 'stall' ? { ...patient, idleMs: 1_000 } : patient, '', 'azblob');
      store.fault = first(2, bodyOf(100_000, end));
      expect(told(await verbs.read(own))).toBe('found');
      expect(store.asked.map(({ headers }) => headers.range)).toEqual([
        undefined,
        'bytes=100000-299999',
        'bytes=200000-299999',
      ]);
      expect(store.asked.map(({ headers }) => headers['if-match'])).toEqual([undefined, stored.etag, stored.etag]);
      own.close();
    },
  );

  test('a body of another blob than the one that was begun is no end of it', async () => {
    store.fault = (asked, response, times) => {
      if (times === 0) {
        return bodyOf(100_000, 'cut')(asked, response, times, store);
      }
      store.objects.set('shop/db/a/b', store.makeObject(Buffer.alloc(300_000, 'x'), {}));
      return 'healthy';
    };
    expect(told(await verbs.read(place))).toBe('damaged');
  });
});

describe('a write whose answer was lost', () => {
  test.each(['putIfAbsent', 'replace', 'put'] as const)('%s is known as the own one', async (verb) => {
    store.fault = first(1, losesAnswer);
    expect(told(await verbs[verb](place))).toBe('stored');
  });

  test('is not taken for the own one when it is another’s', async () => {
    for (const [verb, outcome] of [
      ['putIfAbsent', 'exists'],
      ['replace', 'changed'],
    ] as const) {
      refill(store);
      store.fault = first(1, (asked, response, times) => {
        store.objects.set(asked.key, store.makeObject(Buffer.from('other'), { 'x-ms-meta-pgusher_write': 'another' }));
        return hangsUp(asked, response, times, store);
      });
      expect(told(await verbs[verb](place))).toBe(outcome);
    }
  });

  test('of all blocks is known as done', async () => {
    let lost = false;
    store.fault = (asked, response, times) => {
      if (lost || asked.query.get('comp') !== 'blocklist') {
        return 'healthy';
      }
      lost = true;
      return losesAnswer(asked, response, times, store);
    };
    expect(await verbs.upload(place)).toMatchObject({ outcome: 'stored', size: large.length });
  });
});

describe('a stream in blocks', () => {
  test('is nothing when its blocks are gone: another upload came between', async () => {
    store.fault = (asked, response, times) =>
      asked.query.get('comp') === 'blocklist'
        ? saying(400, 'InvalidBlockList')(asked, response, times, store)
        : 'healthy';
    expect(await verbs.upload(place)).toMatchObject({
      outcome: 'unreachable',
      words: expect.stringContaining('another upload to this name came between') as string,
    });
    expect([...store.objects.keys()]).toEqual(['shop/db/a/b']);
  });

  test('that fails or is stopped is no blob', async () => {
    const failing = async function* (): AsyncGenerator<Buffer> {
      yield large;
      throw new Error('pg_basebackup ended with 1');
    };
    await expect(place.putStream('a/large', Readable.from(failing()))).rejects.toThrow('pg_basebackup ended with 1');
    const stop = new AbortController();
    store.fault = only('PUT', (asked, response, times) => {
      stop.abort();
      return silent(asked, response, times, store);
    });
    expect(told(await place.putStream('a/large', Readable.from([large]), stop.signal))).toBe('unreachable broken');
    expect([...store.objects.keys()]).toEqual(['shop/db/a/b']);
  });
});

test('of every put the length and the checksum are said beforehand', async () => {
  await verbs.putIfAbsent(place);
  await verbs.put(place);
  await verbs.upload(place);
  await place.putStream('a/empty', Readable.from([]));
  const puts = store.asked.filter(({ method }) => method === 'PUT');
  // One that met a connection which the server was just closing is sent again.
  expect(new Set(puts.map(({ key, query }) => `${key}?${String(query)}`)).size).toBe(6);
  for (const { headers, body } of puts) {
    expect(headers['content-length']).toBe(String(body.length));
    expect(headers['transfer-encoding']).toBeUndefined();
    expect(headers['content-md5']).toBe(store.makeObject(body, {}).headers['content-md5']);
  }
  const whole = puts.find(({ query }) => query.get('comp') === 'blocklist');
  expect(whole?.headers['x-ms-blob-content-md5']).toBe(store.makeObject(large, {}).headers['content-md5']);
});

test('the tier is asked for at every write of a blob', async () => {
  const own = await placeAt(store.origin, patient, '&storage-class=Cool', 'azblob');
  await verbs.putIfAbsent(own);
  await verbs.upload(own);
  const tiers = store.asked.filter(({ method }) => method === 'PUT').map(({ headers }) => headers['x-ms-access-tier']);
  expect(tiers).toEqual(['Cool', undefined, undefined, 'Cool']);
  own.close();
});

describe('a listing', () => {
  const answering = (xml: string) => page(200, 'application/xml', xml, { 'x-ms-request-id': 'b7a5' });

  test.each([
    ['without a word about more', listing(blobEntry('shop/db/a/b', 1)).replace(/<NextMarker>.*<\/NextMarker>/, '')],
    ['of another prefix', listing(blobEntry('other/a/b', 1))],
    ['without sizes', listing('<Blob><Name>shop/db/a/b</Name><Properties></Properties></Blob>')],
    ['that is not whole', listing(blobEntry('shop/db/a/b', 1)).slice(0, -10)],
    ['of something else', '<EnumerationResults><Containers/><NextMarker/></EnumerationResults>'],
    ['that goes round in a circle', listing(blobEntry('shop/db/a/b', 1), 'again')],
  ])('%s is none', async (_, xml) => {
    store.fault = answering(xml);
    expect(told(await place.list('a/'))).toBe('not-this-store');
  });

  test('goes on where it is told to, leaves out folders, and is in the order of keys', async () => {
    const folder = '<ResourceType>directory</ResourceType>';
    store.fault = (asked, response, times) =>
      answering(
        asked.query.get('marker') === 'there'
          ? listing(blobEntry('shop/db/a&amp;b', 2))
          : listing(
              [
                blobEntry('shop/db/a', 0, folder),
                blobEntry('shop/db/a/b', 1),
                blobEntry('shop/db/a/c/', 0),
                blobEntry('shop/db/a-b', 3),
              ].join(''),
              'there',
            ),
      )(asked, response, times, store);
    const listed = await place.list('');
    expect('objects' in listed && listed.objects.map(({ key, size }) => [key, size])).toEqual([
      ['a&b', 2],
      ['a-b', 3],
      ['a/b', 1],
    ]);
  });
});

test.each([
  ['<a><b>x &lt;&#228;&#x41;&amp;amp;</b><c/></a>', 'x <äA&amp;'],
  ['\uFEFF<?xml version="1.0" encoding="utf-8"?>\n<a><b d=\'1\'>x</b></a>\n', 'x'],
  ['<a><b>x</b>', undefined],
  ['<a><b>x</a></b>', undefined],
  ['<a><b>x</b></a><a/>', undefined],
  ['<a><b>x</b></a>more', undefined],
  ['<!DOCTYPE a><a><b>x</b></a>', undefined],
  ['<a><b><![CDATA[x]]></b></a>', undefined],
  ['not XML', undefined],
  ['', undefined],
])('XML is read whole or not: %s', (xml, text) => {
  expect(readXml(xml)?.children[0]?.text).toBe(text);
});
