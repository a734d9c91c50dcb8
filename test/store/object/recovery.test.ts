import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Place } from '../../../src/store/place.ts';
import { readWhole } from '../../../src/store/read-whole.ts';
import type { FaultStore } from '../../support/fault-store.ts';
import { startFaultStore, storedObject } from '../../support/fault-store.ts';
import { bodyOf, first, hangsUp, losesAnswer, only, page, saying, silent } from './faults.ts';
import { large, patient, placeAt, refill, stored, told, verbs } from './verbs.ts';

let store: FaultStore;
let place: Place;
beforeAll(async () => {
  store = await startFaultStore();
  place = await placeAt(store.origin, patient);
});
beforeEach(() => {
  refill(store);
  store.fault = null;
});
afterAll(async () => {
  place.close();
  await store.close();
});

function requestsOf(method: string): number {
  return store.asked.filter((asked) => asked.method === method).length;
}

describe('what goes over', () => {
  test.each([
    ['SlowDown', saying(503, 'SlowDown')],
    ['a broken connection', hangsUp],
    ['an empty 500', page(500, null, '')],
    ['a clock that the client learns', saying(403, 'RequestTimeTooSkewed')],
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

  test('a store that asks for patience is given it', async () => {
    store.fault = first(1, saying(503, 'SlowDown', { 'retry-after': '1' }));
    const start = performance.now();
    expect(told(await verbs.read(place))).toBe('found');
    expect(performance.now() - start).toBeGreaterThanOrEqual(1000);
  });

  test('more patience than there is time for is told, with the time', async () => {
    store.fault = saying(503, 'SlowDown', { 'retry-after': '3600' });
    expect(await verbs.read(place)).toMatchObject({ outcome: 'unreachable', why: 'busy', retryAfterMs: 3_600_000 });
    expect(requestsOf('GET')).toBe(1);
  });

  test('a part that breaks is sent again, and no other', async () => {
    store.fault = only('PUT', first(1, hangsUp));
    expect(await verbs.upload(place)).toMatchObject({ outcome: 'stored', size: large.length });
    expect(store.objects.get('shop/db/a/large')?.bytes.equals(large)).toBe(true);
    expect(requestsOf('PUT')).toBe(3);
  });
});

describe('a body', () => {
  test.each(['cut', 'stall'] as const)('that is %s goes on where it stopped', async (end) => {
    const limits = end === 'stall' ? { ...patient, idleMs: 1_000 } : patient;
    const other = await placeAt(store.origin, limits);
    store.fault = first(2, bodyOf(100_000, end));
    expect(told(await verbs.read(other))).toBe('found');
    expect(store.asked.map(({ headers }) => headers.range)).toEqual([
      undefined,
      'bytes=100000-299999',
      'bytes=200000-299999',
    ]);
    expect(store.asked.map(({ headers }) => headers['if-match'])).toEqual([undefined, stored.etag, stored.etag]);
    other.close();
  });

  test('of another object than the one that was begun is no end of it', async () => {
    store.fault = (asked, response, times) => {
      if (times === 0) {
        return bodyOf(100_000, 'cut')(asked, response, times, store);
      }
      store.objects.set('shop/db/a/b', storedObject(Buffer.alloc(300_000, 'another'), {}));
      return 'healthy';
    };
    const read = await verbs.read(place);
    expect(read).toMatchObject({ outcome: 'damaged' });
    expect('words' in read && read.words).toContain('replaced while it was read');
  });

  test('of an older object, from a store that knows no If-Match', async () => {
    store.fault = (asked, response, times) => {
      if (times === 0) {
        return bodyOf(100_000, 'cut')(asked, response, times, store);
      }
      const size = 300_000;
      response.writeHead(206, { etag: '"older"', 'content-range': `bytes 100000-${size - 1}/${size}` });
      response.end(Buffer.alloc(200_000));
      return undefined;
    };
    const read = await verbs.read(place);
    expect('words' in read && read.words).toContain('another object');
  });

  test('of an object that is deleted in the middle', async () => {
    store.fault = (asked, response, times) =>
      (times === 0 ? bodyOf(100_000, 'cut') : saying(404, 'NoSuchKey'))(asked, response, times, store);
    expect(await verbs.read(place)).toMatchObject({ outcome: 'damaged' });
  });

  test('from a store that knows no ranges is not taken for a part of it', async () => {
    store.fault = (asked, response, times) =>
      times === 0
        ? bodyOf(100_000, 'cut')(asked, response, times, store)
        : bodyOf(300_000, 'cut')({ ...asked, headers: {} }, response, times, store);
    expect(await verbs.read(place)).toMatchObject({ outcome: 'not-this-store' });
  });

  test('that nobody wants any longer closes its connection', async () => {
    const found = await place.read('a/b');
    if (found.outcome !== 'found') {
      throw new Error(found.outcome);
    }
    const closed = once(found.bytes, 'close');
    found.bytes.destroy();
    await closed;
  });

  test('that is read slowly is silence of nobody', async () => {
    const other = await placeAt(store.origin, { ...patient, idleMs: 300 });
    store.objects.set('shop/db/a/slow', storedObject(Buffer.alloc(8 * 1024 * 1024, 'x'), {}));
    const found = await other.read('a/slow');
    if (found.outcome !== 'found') {
      throw new Error(found.outcome);
    }
    let size = 0;
    for await (const piece of found.bytes) {
      if (size === 0) {
        await sleep(1_500);
      }
      size += (piece as Buffer).length;
    }
    expect(size).toBe(8 * 1024 * 1024);
    other.close();
  });

  test('of a part: its bytes, and the size of the whole', async () => {
    const found = await place.read('a/b', { from: 100, to: 200 });
    if (found.outcome !== 'found') {
      throw new Error(found.outcome);
    }
    const pieces: Buffer[] = [];
    for await (const piece of found.bytes) {
      pieces.push(piece as Buffer);
    }
    expect(found.size).toBe(300_000);
    expect(Buffer.concat(pieces).equals(stored.bytes.subarray(100, 200))).toBe(true);
  });
});

describe('a write whose answer was lost', () => {
  test('is known as the own one', async () => {
    store.fault = first(1, losesAnswer);
    expect(told(await verbs.putIfAbsent(place))).toBe('stored');
    expect(requestsOf('PUT')).toBe(2);
    refill(store);
    store.fault = first(1, losesAnswer);
    expect(told(await verbs.replace(place))).toBe('stored');
  });

  test('is not taken for the own one when it is another’s', async () => {
    store.fault = first(1, (asked, response, times) => {
      store.objects.set(asked.key, storedObject(Buffer.from('other'), { 'x-amz-meta-pgusher-write': 'another' }));
      return hangsUp(asked, response, times, store);
    });
    expect(told(await verbs.putIfAbsent(place))).toBe('exists');
    refill(store);
    store.fault = first(1, (asked, response, times) => {
      store.objects.set(asked.key, storedObject(Buffer.from('other'), { 'x-amz-meta-pgusher-write': 'another' }));
      return hangsUp(asked, response, times, store);
    });
    expect(told(await verbs.replace(place))).toBe('changed');
  });

  test('of all parts is known as done', async () => {
    let lost = false;
    store.fault = (asked, response, times) => {
      if (lost || asked.method !== 'POST' || !asked.query.has('uploadId')) {
        return 'healthy';
      }
      lost = true;
      return losesAnswer(asked, response, times, store);
    };
    expect(await verbs.upload(place)).toMatchObject({ outcome: 'stored', size: large.length });
  });
});

describe('a listing', () => {
  const listing = (inside: string) => page(200, 'application/xml', `<ListBucketResult>${inside}</ListBucketResult>`);
  const content = (key: string) =>
    `<Contents><Key>${key}</Key><Size>1</Size><LastModified>2026-11-30T00:00:00Z</LastModified></Contents>`;

  test.each([
    ['without a word about more', listing('<Name>backups</Name>')],
    [
      'that goes on, and not how',
      listing(`<Name>backups</Name><IsTruncated>true</IsTruncated>${content('shop/db/a/b')}`),
    ],
    ['of another prefix', listing(`<Name>backups</Name><IsTruncated>false</IsTruncated>${content('other/a/b')}`)],
  ])('%s is none', async (_, fault) => {
    store.fault = fault;
    expect(told(await place.list('a/'))).toBe('not-this-store');
  });

  test('that goes round in a circle ends', async () => {
    store.fault = listing(
      `<Name>backups</Name><IsTruncated>true</IsTruncated><NextContinuationToken>again</NextContinuationToken>${content('shop/db/a/b')}`,
    );
    expect(told(await place.list('a/'))).toBe('not-this-store');
  });

  test('leaves out what consoles make for folders', async () => {
    store.objects.set('shop/db/a/', storedObject(Buffer.alloc(0), {}));
    const listed = await place.list('');
    expect(listed.outcome === 'listed' && listed.objects.map(({ key }) => key)).toEqual(['a/b']);
  });
});

describe('asked to stop', () => {
  test('it stops: before, in the middle of an answer, in a pause', async () => {
    expect(told(await place.read('a/b', undefined, AbortSignal.abort()))).toBe('unreachable broken');
    store.fault = silent;
    expect(told(await place.list('', AbortSignal.timeout(200)))).toBe('unreachable broken');
    store.fault = saying(503, 'SlowDown', { 'retry-after': '20' });
    const start = performance.now();
    expect(told(await place.delete('a/b', AbortSignal.timeout(200)))).toBe('unreachable broken');
    expect(performance.now() - start).toBeLessThan(15_000);
  });

  test('of a stream no part is left', async () => {
    const stop = new AbortController();
    store.fault = only('PUT', (asked, response, times) => {
      stop.abort();
      return silent(asked, response, times, store);
    });
    expect(told(await place.putStream('a/large', Readable.from([large]), stop.signal))).toBe('unreachable broken');
    expect([...store.objects.keys()]).toEqual(['shop/db/a/b']);
  });
});

test('a stream that fails leaves nothing, and throws its own error', async () => {
  const failing = async function* (): AsyncGenerator<Buffer> {
    yield large;
    throw new Error('pg_basebackup ended with 1');
  };
  await expect(place.putStream('a/large', Readable.from(failing()))).rejects.toThrow('pg_basebackup ended with 1');
  expect([...store.objects.keys()]).toEqual(['shop/db/a/b']);
  await expect(place.putStream('a/small', Readable.from(emptyThenFailing()))).rejects.toThrow('nothing came');
});

async function* emptyThenFailing(): AsyncGenerator<Buffer> {
  yield Buffer.from('a little');
  throw new Error('nothing came');
}

test('of every put the length and the checksum are said beforehand', async () => {
  await verbs.putIfAbsent(place);
  await verbs.put(place);
  await verbs.upload(place);
  await place.putStream('a/empty', Readable.from([]));
  const puts = store.asked.filter(({ method }) => method === 'PUT');
  expect(puts).toHaveLength(5);
  for (const { headers, body } of puts) {
    expect(headers['content-length']).toBe(String(body.length));
    expect(headers['transfer-encoding']).toBeUndefined();
    expect(headers['content-encoding']).toBeUndefined();
    expect(headers['x-amz-checksum-crc32']).toBe(storedObject(body, {}).headers['x-amz-checksum-crc32']);
  }
});

test('a record that is no record is not taken into memory', async () => {
  store.objects.set('shop/db/a/huge', storedObject(Buffer.alloc(17 * 1024 * 1024), {}));
  expect(told(await readWhole(place, 'a/huge'))).toBe('damaged');
});
