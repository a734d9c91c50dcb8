import { mkdir, mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimBucket } from '../../../src/agent/offsite/bucket-identity.ts';
import { readBucketState } from '../../../src/agent/offsite/bucket-state.ts';
import { fetchIntoClaim } from '../../../src/agent/offsite/fetch-into-claim.ts';
import { pieceKey } from '../../../src/agent/offsite/piece.ts';
import { folderOfSet, setPlace } from '../../../src/agent/offsite/set-place.ts';
import type { SetPlace } from '../../../src/agent/offsite/set-place.ts';
import type { Log } from '../../../src/agent/log.ts';
import type { Trouble } from '../../../src/store/place.ts';
import type { Fault } from '../../support/directory-place.ts';
import { damageObject, directoryPlace } from '../../support/directory-place.ts';
import { backupAt, ClaimFolder, identity, never, pushAll, segment, systemId, walKey } from './claim-folder.ts';

const quiet = (): undefined => undefined;
const log = { info: quiet, warn: quiet, error: quiet, debug: quiet } as unknown as Log;
const away: Trouble = { outcome: 'unreachable', why: 'refused', retryAfterMs: null, words: 'nobody answers' };

let directory = '';
let bucketRoot = '';
let claim: ClaimFolder;
let other: ClaimFolder;
let fault: Fault = quiet;
let place: SetPlace;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pgusher-offsite-'));
  bucketRoot = join(directory, 'bucket/shop/orders');
  claim = new ClaimFolder(join(directory, 'claim'));
  other = new ClaimFolder(join(directory, 'other'));
  await mkdir(other.root);
  fault = quiet;
  place = setPlace(
    directoryPlace(join(directory, 'bucket'), (operation, key) => fault(operation, key)),
    folderOfSet(identity),
    quiet,
  );
  await claim.identity();
  await claim.wal(1, 2, 3);
  await claim.backup(backupAt(1));
  await claim.backup(backupAt(2));
  await claim.partial(4, 5000);
  await claim.write('restores/undo.json', '{"format":1}\n');
  await claim.write(`${systemId}/gaps.json`, '{"format":1,"gaps":[]}\n');
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function send(): Promise<void> {
  expect(await claimBucket(place, identity)).toEqual({ kind: 'ours' });
  await pushAll(place, claim);
}

async function fetchAll(into = other, backup = 'latest'): Promise<void> {
  const bucket = await readBucketState(place, identity);
  if (bucket.kind !== 'BACKUPS') {
    throw new Error(`the bucket is ${JSON.stringify(bucket)}`);
  }
  await fetchIntoClaim({
    limit: null,
    place,
    bucket,
    root: into.root,
    destination: 'the claim for backups',
    restore: { backup, target: null, id: null },
    patienceMs: 50,
    log,
  });
}

/** Without the base backups that nobody asked for, and the WAL before the one that was. */
async function neededFiles(): Promise<ReadonlyMap<string, string>> {
  return new Map([...(await claim.files())].filter(([key]) => !key.includes(backupAt(1).id) && key !== walKey(1)));
}

describe('a claim that is copied off-site', () => {
  it('is the same folder there, with the unfinished segment in pieces', async () => {
    await send();
    const bucket = await new ClaimFolder(bucketRoot).files();
    const wanted = new Map([...(await claim.files())].filter(([key]) => !key.endsWith('.partial')));
    const key = pieceKey(systemId, { segment: segment(4), from: 0, to: 5000 });
    expect(bucket.get(key)).toMatch(/^5000 /);
    expect([...bucket.keys()].filter((name) => name !== key)).toEqual([...wanted.keys()]);
    expect([...wanted].every(([name, bytes]) => bucket.get(name) === bytes)).toBe(true);
  });

  it('is copied once: a second look finds nothing to do', async () => {
    await send();
    expect(await pushAll(place, claim)).toEqual([]);
  });

  it('comes back as it was, with the newest base backup and the WAL behind it', async () => {
    await send();
    await fetchAll();
    expect(await other.files()).toEqual(await neededFiles());
  });

  it('comes back with the base backup that is asked for', async () => {
    await send();
    await fetchAll(other, backupAt(1).id);
    const got = await other.files();
    expect(got.has(walKey(1))).toBe(true);
    expect([...got.keys()].filter((key) => key.endsWith('DONE.json'))).toEqual([
      `${systemId}/base/${backupAt(1).id}/DONE.json`,
    ]);
  });

  it('comes back from a folder that the bucket was copied to', async () => {
    await send();
    const copied = new ClaimFolder(bucketRoot);
    expect((await copied.read()).backups.map(({ record }) => record.id)).toEqual([backupAt(1).id, backupAt(2).id]);
  });

  it('is whole again after each request that the place did not answer', async () => {
    for (let cutAt = 1; ; cutAt += 1) {
      let count = 0;
      fault = () => ((count += 1) > cutAt ? away : undefined);
      try {
        await send();
        break;
      } catch (error) {
        expect(error).toMatchObject({ message: 'nobody answers' });
      }
    }
    fault = quiet;
    await fetchAll();
    expect(await other.files()).toEqual(await neededFiles());
  });

  it('is fetched on from where it was cut off', async () => {
    await send();
    const reads: string[] = [];
    for (let cutAt = 3; ; cutAt += 1) {
      let count = 0;
      reads.length = 0;
      fault = (operation, key) => {
        if (operation === 'read') {
          reads.push(key);
        }
        return (count += 1) > cutAt ? away : undefined;
      };
      const failed = await fetchAll().then(
        () => false,
        () => true,
      );
      if (!failed) {
        break;
      }
      expect((await other.files()).has('STORE.json')).toBe(false);
    }
    // Each run had what those before it had brought.
    expect(reads.filter((key) => key.includes('/wal/') || key.includes('base.tar')).length).toBeLessThan(2);
    expect(await other.files()).toEqual(await neededFiles());
  });
});

describe('a damaged off-site copy', () => {
  it('with one archive that is not what it was: the base backup before it is brought', async () => {
    await send();
    await damageObject(bucketRoot, `${systemId}/base/${backupAt(2).id}/base.tar.zst`);
    await fetchAll();
    const { backups } = await other.read();
    expect(backups.map(({ record }) => record.id)).toEqual([backupAt(1).id]);
    expect((await other.files()).has(walKey(1))).toBe(true);
  });

  it.each([
    [
      'a segment that cannot be decompressed',
      async () => damageObject(bucketRoot, walKey(3)),
      /damaged: .*cannot be decompressed/,
    ],
    [
      'a segment of another place',
      async () => writeFile(join(bucketRoot, walKey(3)), await readFile(join(bucketRoot, walKey(2)))),
      /holds WAL of another position than its name says/,
    ],
    [
      'pieces with a hole',
      async () => {
        await claim.partial(4, 9000);
        await pushAll(place, claim);
        await unlink(join(bucketRoot, pieceKey(systemId, { segment: segment(4), from: 0, to: 5000 })));
      },
      /of WAL segment \w+ the bytes from 0 on are missing, and it holds some up to 9000: rows would be lost/,
    ],
  ])('with %s stops, and the claim is nobody’s', async (_, damage, words) => {
    await send();
    await damage();
    await expect(fetchAll()).rejects.toThrow(words);
    expect((await other.files()).has('STORE.json')).toBe(false);
  });
});

describe('a claim that was put back', () => {
  it('gets what the copy has more, and nothing twice', async () => {
    await send();
    await other.identity();
    await other.wal(1, 2);
    await other.backup(backupAt(2));
    await other.partial(3, 100);
    const reads: string[] = [];
    fault = (operation, key) => {
      if (operation === 'read') {
        reads.push(key);
      }
      return undefined;
    };
    await fetchAll();
    const got = await other.files();
    expect(got.has(walKey(3))).toBe(true);
    expect([...got.keys()].filter((key) => key.endsWith('.partial'))).toEqual([
      `${systemId}/incoming/00000001/${segment(3)}.partial`,
      `${systemId}/incoming/00000001/${segment(4)}.partial`,
    ]);
    expect(reads.filter((key) => key.includes(walKey(2)) || key.includes('base.tar'))).toEqual([]);
  });

  it('keeps what it has more of the unfinished segment than the copy', async () => {
    await send();
    await other.identity();
    await other.partial(4, 7000);
    await fetchAll();
    const path = `${systemId}/incoming/00000001/${segment(4)}.partial`;
    await claim.partial(4, 7000);
    expect((await other.files()).get(path)).toEqual((await claim.files()).get(path));
  });

  it('with other bytes than the copy has is two histories: it stops', async () => {
    await send();
    await other.identity();
    await other.write(`${systemId}/incoming/00000001/${segment(4)}.partial`, Buffer.alloc(2 ** 20, 'x'));
    await expect(fetchAll()).rejects.toThrow(/the claim and the off-site copy hold other bytes of WAL segment/);
  });
});

describe('whose the off-site copy is', () => {
  it('is settled by the first that writes STORE.json', async () => {
    const second = { ...identity, id: '5f0f7b9e-0000-4000-8000-000000000002' };
    const both = await Promise.all([claimBucket(place, identity), claimBucket(place, second)]);
    expect(both.map(({ kind }) => kind).sort()).toEqual(['not-ours', 'ours']);
    expect(both.find((owner) => owner.kind === 'not-ours')).toEqual({
      kind: 'not-ours',
      reason: expect.stringMatching(
        /^the off-site copy directory \S+ \(shop\/orders\) is of store \S+ \(shop\/orders, system \d+\), the claim for backups is store \S+ \(shop\/orders, system \d+\)\. Wanted: one store in both\./,
      ) as string,
    });
  });

  it('learns the system that the claim has learned, and never another', async () => {
    expect(await claimBucket(place, { ...identity, systemId: null, major: null, segmentSize: null })).toEqual({
      kind: 'ours',
    });
    expect(await claimBucket(place, identity)).toEqual({ kind: 'ours' });
    expect(await readFile(join(bucketRoot, 'STORE.json'), 'utf8')).toContain(systemId);
    expect(await claimBucket(place, { ...identity, systemId: '4711' })).toMatchObject({ kind: 'not-ours' });
    expect(await readFile(join(bucketRoot, 'STORE.json'), 'utf8')).toContain(systemId);
  });

  it('is nobody’s where STORE.json was removed from what another system left', async () => {
    await send();
    await unlink(join(bucketRoot, 'STORE.json'));
    expect(await claimBucket(place, { ...identity, systemId: '4711' })).toMatchObject({
      kind: 'not-ours',
      reason: expect.stringContaining(`holds ${systemId} but no STORE.json`) as string,
    });
    expect(await claimBucket(place, identity)).toEqual({ kind: 'ours' });
  });

  it.each([
    ['is not there', quiet, 'EMPTY'],
    ['cannot be asked', () => away, 'UNKNOWN'],
    ['cannot be listed', (operation: string) => (operation === 'list' ? away : undefined), 'UNKNOWN'],
  ])('is not guessed at the start of a pod: a bucket that %s', async (_, trouble, kind) => {
    fault = trouble;
    expect((await readBucketState(place, identity)).kind).toBe(kind);
  });

  it('is unknown where there is no STORE.json, but something else', async () => {
    await send();
    await unlink(join(bucketRoot, 'STORE.json'));
    expect(await readBucketState(place, identity, never)).toMatchObject({
      kind: 'UNKNOWN',
      reason: expect.stringContaining('but no STORE.json') as string,
    });
  });
});
