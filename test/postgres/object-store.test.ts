import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hmacHeaders } from '../../src/store/object/google/hmac-signature.ts';
import { openPlace } from '../../src/store/object/open-place.ts';
import type { Place } from '../../src/store/place.ts';
import { readWhole } from '../../src/store/read-whole.ts';
import { missingTools } from '../support/tool.ts';
import { startS3Server } from '../support/versitygw.ts';
import type { StoreServer } from './support/store-servers.ts';
import { storeKinds } from './support/store-servers.ts';

const run = promisify(execFile);

/** A place in a real server of each kind. What no real server does on demand is in test/store/object. */
describe.each(Object.entries(storeKinds))('a place of %s', (_, kind) => {
  const skipped = missingTools(...kind.tools);
  let server: StoreServer;
  const places: Place[] = [];

  beforeAll(async () => {
    if (!skipped) {
      server = await kind.start();
      await server.createBucket('backups');
    }
  });
  afterAll(async () => {
    for (const place of places) {
      place.close();
    }
    if (!skipped) {
      await server.stop();
    }
  });

  async function at(path: string, keys = server.keys, parameters = server.parameters): Promise<Place> {
    const place = await openPlace(`${server.start}${path}?${parameters}`, { ...keys });
    places.push(place);
    return place;
  }

  test.skipIf(skipped)('has every verb', async () => {
    const place = await at('backups/shop/verbs');
    expect(await place.probe()).toEqual({
      outcome: 'probed',
      seesAbsence: true,
      mayList: true,
      mayWrite: true,
      writesOnce: true,
      mayDelete: true,
    });
    expect(await place.read('a/b')).toEqual({ outcome: 'absent' });
    expect(await place.list('')).toEqual({ outcome: 'listed', objects: [] });
    const put = await place.putIfAbsent('a/b', Buffer.from('one'));
    expect(put).toMatchObject({ outcome: 'stored' });
    expect(await place.putIfAbsent('a/b', Buffer.from('two'))).toEqual({ outcome: 'exists' });
    const read = await readWhole(place, 'a/b');
    expect(read).toEqual({ outcome: 'found', bytes: Buffer.from('one'), version: 'version' in put && put.version });
    const version = 'version' in read ? read.version : '';
    expect(await place.replaceIfUnchanged('a/b', Buffer.from('three'), version)).toMatchObject({ outcome: 'stored' });
    expect(await place.replaceIfUnchanged('a/b', Buffer.from('four'), version)).toEqual({ outcome: 'changed' });
    expect(await place.replaceIfUnchanged('a/none', Buffer.from('four'), version)).toEqual({ outcome: 'changed' });
    expect(await place.putStream('a/empty', Readable.from([]))).toMatchObject({ outcome: 'stored', size: 0 });
    expect(await readWhole(place, 'a/empty')).toMatchObject({ outcome: 'found', bytes: Buffer.alloc(0) });
    const listed = await place.list('a/');
    expect('objects' in listed && listed.objects.map(({ key, size }) => [key, size])).toEqual([
      ['a/b', 5],
      ['a/empty', 0],
    ]);
    expect(await place.delete('a/b')).toEqual({ outcome: 'deleted' });
    expect(await place.delete('a/b')).toEqual({ outcome: 'deleted' });
    expect(await place.read('a/b')).toEqual({ outcome: 'absent' });
  });

  test.skipIf(skipped)('of sixteen writers tells exactly one that it was the first', async () => {
    const writers = await Promise.all(Array.from({ length: 16 }, () => at('backups/shop/race')));
    for (let round = 0; round < 5; round += 1) {
      const key = `claims/${round}`;
      const told = await Promise.all(writers.map((place, number) => place.putIfAbsent(key, Buffer.from(`${number}`))));
      expect(told.map(({ outcome }) => outcome).sort()).toEqual([...Array<string>(15).fill('exists'), 'stored']);
      const winner = told.findIndex(({ outcome }) => outcome === 'stored');
      expect(await readWhole(writers[0] as Place, key)).toMatchObject({ bytes: Buffer.from(`${winner}`) });
    }
  });

  test.skipIf(skipped)(
    'takes a stream in parts, gives ranges of it, and leaves nothing of one that fails',
    async () => {
      const place = await at('backups/shop/parts');
      const bytes = randomBytes(20_000_000);
      const stored = await place.putStream(
        'large',
        Readable.from([bytes.subarray(0, 7_000_001), bytes.subarray(7_000_001)]),
      );
      expect(stored).toMatchObject({ outcome: 'stored', size: bytes.length });
      const whole = await place.read('large');
      expect((await collected(whole)).equals(bytes)).toBe(true);
      const range = { from: 5_242_870, to: 5_242_890 };
      expect((await collected(await place.read('large', range))).equals(bytes.subarray(range.from, range.to))).toBe(
        true,
      );
      const tail = await collected(await place.read('large', { from: 19_999_999 }));
      expect(tail.equals(bytes.subarray(19_999_999))).toBe(true);

      await expect(place.putStream('failed', Readable.from(endsBadly(bytes)))).rejects.toThrow('it ended');
      expect(await place.read('failed')).toEqual({ outcome: 'absent' });
      expect(await server.leftovers('backups', 'shop/parts/failed')).toEqual([]);
      // And whoever comes next is not hindered by it.
      expect(await place.putStream('failed', Readable.from([Buffer.from('well')]))).toMatchObject({
        outcome: 'stored',
      });
      expect(await readWhole(place, 'failed')).toMatchObject({ bytes: Buffer.from('well') });
    },
  );

  test.skipIf(skipped)('lists more keys than fit a page, in their order', async () => {
    const place = await at('backups/shop/pages');
    const keys = Array.from({ length: 1_050 }, (_, number) => `wal/${String(number).padStart(5, '0')}`);
    await server.fill('backups', 'shop/pages/wal', keys.map((key) => key.slice('wal/'.length)).reverse());
    const listed = await place.list('wal/');
    expect('objects' in listed ? listed.objects.map(({ key }) => key) : listed).toEqual(keys);
  });

  test.skipIf(skipped)('says what credentials may not', async () => {
    await server.createBucket('guarded');
    const owner = await at('guarded/shop/db');
    await owner.putIfAbsent('a', Buffer.from('one'));
    const reader = await at('guarded/shop/db', await server.reader('guarded'));
    expect(await reader.probe()).toEqual({
      outcome: 'probed',
      seesAbsence: true,
      mayList: true,
      mayWrite: false,
      writesOnce: false,
      mayDelete: false,
    });
    expect(await readWhole(reader, 'a')).toMatchObject({ outcome: 'found' });
    for (const answer of [
      await reader.putIfAbsent('b', Buffer.from('two')),
      await reader.putStream('b', Readable.from([randomBytes(6 * 1024 * 1024)])),
      await reader.delete('a'),
    ]) {
      expect(answer).toMatchObject({ outcome: 'denied', why: 'rights' });
    }
    const blind = await at('guarded/shop/db', await server.blind('guarded'));
    expect(await blind.list('')).toMatchObject({ outcome: 'denied', why: 'rights' });
    expect(await readWhole(blind, 'a')).toMatchObject({ outcome: 'found' });
    // The rights that docs/object-stores.md asks for are enough.
    const place = await at('guarded/shop/db', await server.writer('guarded'));
    expect(await place.probe()).toMatchObject({ mayWrite: true, writesOnce: true, mayDelete: true });
    expect(await place.putStream('c', Readable.from([randomBytes(6 * 1024 * 1024)]))).toMatchObject({
      outcome: 'stored',
    });
    await expect(place.putStream('d', Readable.from(endsBadly(randomBytes(6 * 1024 * 1024))))).rejects.toThrow(
      'it ended',
    );
  });

  test.skipIf(skipped)('is not taken for another', async () => {
    for (const { what, path = 'backups/a', keys, parameters, outcome, words } of server.wrong) {
      const place = await at(path, keys, parameters);
      for (const answer of [
        await place.read('a'),
        await place.list(''),
        await place.putIfAbsent('a', Buffer.from('a')),
        await place.delete('a'),
        await place.probe(),
      ]) {
        expect({ what, ...answer }).toMatchObject({
          what,
          ...outcome,
          words: expect.stringContaining(words) as string,
        });
      }
    }
  });

  test.skipIf(skipped)('needs little memory for a large stream', async () => {
    const { stdout } = await run(
      process.execPath,
      [
        '--max-semi-space-size=1',
        join(import.meta.dirname, 'support/upload-process.ts'),
        `${server.start}backups/shop/large?${server.parameters}`,
        String(256 * 1024 * 1024),
      ],
      { env: { ...process.env, ...server.keys } },
    );
    console.info(`memory in MB for 256 MiB up and down: ${stdout.trim()}`);
    const seen = JSON.parse(stdout) as { put: string; read: number; loaded: number; peak: number };
    expect(seen).toMatchObject({ put: 'stored', read: 256 * 1024 * 1024 });
    // Over what Node and the client's code are: three parts, and what TLS has under way.
    expect(seen.peak - seen.loaded).toBeLessThan(80);
  });
});

describe.skipIf(missingTools('go', 'flock'))('a place in S3 where each version is kept', () => {
  test('keeps its promises', async () => {
    const server = await startS3Server();
    await server.createBucket('versioned', { versioned: true });
    const place = await openPlace(`s3://versioned/shop/db?endpoint=${server.origin}&ca=${server.ca}`, {
      ...server.admin,
    });
    expect(await place.probe()).toMatchObject({ writesOnce: true, mayDelete: true, seesAbsence: true });
    const put = await place.putIfAbsent('a', Buffer.from('one'));
    const version = 'version' in put ? put.version : '';
    expect(await place.replaceIfUnchanged('a', Buffer.from('two'), version)).toMatchObject({ outcome: 'stored' });
    expect(await place.putIfAbsent('a', Buffer.from('three'))).toEqual({ outcome: 'exists' });
    expect(await place.delete('a')).toEqual({ outcome: 'deleted' });
    expect(await place.read('a')).toEqual({ outcome: 'absent' });
    expect(await place.list('')).toEqual({ outcome: 'listed', objects: [] });
    place.close();
    await server.stop();
  });
});

/** What signs for Google signs in the same way for Amazon, under its names: a real server holds the one against the other. */
describe.skipIf(missingTools('go', 'flock'))('the signature for Google, in Amazon’s words', () => {
  const amazons = {
    algorithm: 'AWS4-HMAC-SHA256',
    secretPrefix: 'AWS4',
    end: 'aws4_request',
    service: 's3',
    headers: 'x-amz',
  };

  test('is taken by an S3 server, and refused with another key', async () => {
    const server = await startS3Server();
    await server.createBucket('signed');
    const ask = (secretAccessKey: string): Promise<number> => {
      const query = { 'list-type': '2', prefix: "shop's (a+b)/*", 'max-keys': '7' };
      const url = new URL(`${server.origin}/signed?${new URLSearchParams(query).toString().replaceAll('+', '%20')}`);
      const key = { accessKeyId: server.admin.AWS_ACCESS_KEY_ID, secretAccessKey, region: 'us-east-1' };
      const asked = { method: 'GET', path: '/signed', query, headers: { host: url.host, 'x-amz-meta-a': ' b  c ' } };
      const headers = { ...asked.headers, ...hmacHeaders(asked, key, new Date(), amazons) };
      return new Promise((resolve, reject) => {
        request(url, { headers, ca: readFileSync(server.ca), agent: false }, (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        })
          .on('error', reject)
          .end();
      });
    };
    expect(await ask(server.admin.AWS_SECRET_ACCESS_KEY)).toBe(200);
    expect(await ask('another')).toBe(403);
    await server.stop();
  });
});

async function collected(answer: Awaited<ReturnType<Place['read']>>): Promise<Buffer> {
  if (answer.outcome !== 'found') {
    throw new Error(JSON.stringify(answer));
  }
  const pieces: Buffer[] = [];
  for await (const piece of answer.bytes) {
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces);
}

async function* endsBadly(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
  throw new Error('it ended');
}
