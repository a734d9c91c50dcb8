import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BucketInventory } from '../../../src/agent/offsite/bucket-inventory.ts';
import { createLocalReader } from '../../../src/agent/offsite/local-inventory.ts';
import { pieceKey } from '../../../src/agent/offsite/piece.ts';
import { planBackupPush, planExpiry, planWalPush, walBehind } from '../../../src/agent/offsite/plan-push.ts';
import type { PushStep } from '../../../src/agent/offsite/plan-push.ts';
import { backupAt, ClaimFolder, keepTwo, now, segment, segmentSize, systemId, walKey } from './claim-folder.ts';

let directory = '';
let claim: ClaimFolder;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pgusher-offsite-'));
  claim = new ClaimFolder(directory);
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const empty: BucketInventory = { files: new Map(), texts: new Map() };

function bucketOf(keys: readonly string[], records = [] as readonly ReturnType<typeof backupAt>[]): BucketInventory {
  const done = records.map((record) => [`${systemId}/base/${record.id}/DONE.json`, JSON.stringify(record)] as const);
  const files = records.flatMap((record) => {
    const folder = `${systemId}/base/${record.id}`;
    return [
      [`${folder}/base.tar.zst`, record.storedSize],
      [`${folder}/backup_manifest`, 9],
      [`${folder}/DONE.json`, 9],
    ] as const;
  });
  return { files: new Map([...keys.map((key) => [key, 1] as const), ...files]), texts: new Map(done) };
}

const keysOf = (steps: readonly PushStep[]): string[] => steps.map((step) => `${step.kind} ${step.key}`);
const piece = (number: number, from: number, to: number): string =>
  pieceKey(systemId, { segment: segment(number), from, to });
const archive = (number: number): string => `${systemId}/base/${backupAt(number).id}`;

describe('WAL that goes off-site', () => {
  it('is history first, then segments in order, then what was added to the unfinished one', async () => {
    await claim.wal(3, 2);
    await claim.write(`${systemId}/wal/00000002.history`, '1\t0/300000\tx\n');
    await claim.partial(4, 5000);
    const steps = planWalPush(await claim.read(), empty, keepTwo, now, true);
    expect(keysOf(steps)).toEqual([
      `file ${systemId}/wal/00000002.history`,
      `file ${walKey(2)}`,
      `file ${walKey(3)}`,
      `piece ${piece(4, 0, 5000)}`,
    ]);
  });

  it('is never sent before what comes before it, though the mover finishes segments in another order', async () => {
    await claim.wal(2, 4);
    await claim.moving(3);
    await claim.partial(5, 5000);
    const local = await claim.read();
    expect(keysOf(planWalPush(local, empty, keepTwo, now, true))).toEqual([`file ${walKey(2)}`]);
    expect(walBehind(local, bucketOf([walKey(2)]))).toBe(2 * segmentSize + 5000);
    await claim.wal(3);
    expect(keysOf(planWalPush(await claim.read(), bucketOf([walKey(2)]), keepTwo, now, true))).toEqual([
      `file ${walKey(3)}`,
      `file ${walKey(4)}`,
      `piece ${piece(5, 0, 5000)}`,
    ]);
  });

  it('is seen as soon as it is there, also in a folder that nothing had changed for a while', async () => {
    await claim.wal(2);
    const folder = join(directory, systemId, 'wal');
    for (const path of [folder, join(folder, '00000001')]) {
      await utimes(path, new Date(now.getTime() - 60_000), new Date(now.getTime() - 60_000));
    }
    const reader = createLocalReader(directory, { systemId, segmentSize });
    expect([...(await reader.look(null, false)).wal]).toEqual([walKey(2)]);
    await claim.wal(3);
    expect([...(await reader.look(null, false)).wal].sort()).toEqual([walKey(2), walKey(3)]);
  });

  it('stores each byte of the unfinished segment once, in pieces of 1 MiB at most', async () => {
    await claim.partial(4, 5000);
    const bucket = bucketOf([piece(4, 0, 1200), piece(4, 1200, 4000)]);
    expect(keysOf(planWalPush(await claim.read(), bucket, keepTwo, now, true))).toEqual([
      `piece ${piece(4, 4000, 5000)}`,
    ]);
    expect(keysOf(planWalPush(await claim.read(), bucket, keepTwo, now, false))).toEqual([]);
    const local = { ...(await claim.read()), partials: [{ segment: segment(4), end: 2.5 * segmentSize }] };
    expect(keysOf(planWalPush(local, empty, keepTwo, now, false))).toEqual([
      `piece ${piece(4, 0, segmentSize)}`,
      `piece ${piece(4, segmentSize, 2 * segmentSize)}`,
    ]);
  });

  it('goes on behind a hole that somebody made, and where two pieces overlap', async () => {
    await claim.partial(4, 5000);
    const bucket = bucketOf([piece(4, 0, 1000), piece(4, 500, 2000), piece(4, 3000, 4000)]);
    expect(keysOf(planWalPush(await claim.read(), bucket, keepTwo, now, true))).toEqual([
      `piece ${piece(4, 2000, 5000)}`,
    ]);
  });

  it('leaves the pieces until the whole segment is there', async () => {
    await claim.wal(4);
    const pieces = [piece(4, 0, 1000), piece(4, 1000, 2000)];
    expect(keysOf(planWalPush(await claim.read(), bucketOf(pieces), keepTwo, now, true))).toEqual([
      `file ${walKey(4)}`,
    ]);
    const steps = planWalPush(await claim.read(), bucketOf([...pieces, walKey(4)]), keepTwo, now, true);
    expect(keysOf(steps)).toEqual(pieces.map((key) => `delete ${key}`));
  });

  it('is not sent twice because the compression was changed', async () => {
    await claim.wal(4);
    const bucket = bucketOf([walKey(4).replace('.zst', '.gz')]);
    expect(planWalPush(await claim.read(), bucket, keepTwo, now, true)).toEqual([]);
  });

  it('has behind it the record of a restore that was carried out', async () => {
    await claim.wal(4);
    await claim.write('restores/undo.json', '{}');
    expect(keysOf(planWalPush(await claim.read(), empty, keepTwo, now, true))[0]).toBe('text restores/undo.json');
  });

  it('is counted while it is not there', async () => {
    await claim.wal(2, 3);
    await claim.partial(4, 5000);
    expect(walBehind(await claim.read(), bucketOf([walKey(2), piece(4, 0, 1000)]))).toBe(segmentSize + 4000);
  });
});

describe('base backups that go off-site', () => {
  it('go with their record last, and that only behind the WAL it speaks of', async () => {
    await claim.backup(backupAt(2));
    const local = await claim.read();
    const files = [`file ${archive(2)}/base.tar.zst`, `file ${archive(2)}/backup_manifest`];
    expect(keysOf(planBackupPush(local, empty, keepTwo, now, new Set()))).toEqual(files);
    expect(keysOf(planBackupPush(local, bucketOf([walKey(2)]), keepTwo, now, new Set()))).toEqual([
      ...files,
      `text ${archive(2)}/DONE.json`,
    ]);
    const pieces = bucketOf([piece(2, 0, 1000)]);
    expect(keysOf(planBackupPush(local, pieces, keepTwo, now, new Set())).at(-1)).toBe(`text ${archive(2)}/DONE.json`);
  });

  it('wait while they are verified, and the newest comes first', async () => {
    await claim.backup(backupAt(2));
    await claim.backup(backupAt(3));
    const steps = planBackupPush(await claim.read(), bucketOf([walKey(2), walKey(3)]), keepTwo, now, new Set());
    expect(keysOf(steps).filter((key) => key.startsWith('text'))).toEqual([
      `text ${archive(3)}/DONE.json`,
      `text ${archive(2)}/DONE.json`,
    ]);
    const waiting = planBackupPush(await claim.read(), empty, keepTwo, now, new Set([backupAt(3).id]));
    expect(keysOf(waiting).every((key) => key.includes(backupAt(2).id))).toBe(true);
  });

  it('are sent again where an archive has another size, and their record where it says more now', async () => {
    await claim.backup(backupAt(2));
    const local = await claim.read();
    const [done] = local.backups;
    const bucket = bucketOf([walKey(2)], [backupAt(2, { verified: null })]);
    expect(keysOf(planBackupPush(local, bucket, keepTwo, now, new Set()))).toEqual([`text ${archive(2)}/DONE.json`]);
    const cut = new Map(bucket.files).set(`${archive(2)}/base.tar.zst`, 3);
    const texts = new Map([[`${archive(2)}/DONE.json`, done?.text ?? '']]);
    expect(keysOf(planBackupPush(local, { files: cut, texts }, keepTwo, now, new Set()))).toEqual([
      `file ${archive(2)}/base.tar.zst`,
    ]);
  });

  it('say how far the WAL reaches only where it does, and seldom while nothing happens', async () => {
    const received = (lsn: string, through: string): string =>
      `${JSON.stringify({ format: 1, timeline: 1, lsn, through })}\n`;
    const key = `${systemId}/received.json`;
    await claim.write(key, received('0/400800', '2026-11-29T11:59:00.000Z'));
    const local = await claim.read();
    const steps = (files: readonly string[], stored?: string): string[] =>
      keysOf(
        planBackupPush(
          local,
          { files: bucketOf(files).files, texts: new Map(stored === undefined ? [] : [[key, stored]]) },
          keepTwo,
          now,
          new Set(),
        ),
      );
    expect(steps([walKey(3)])).toEqual([]);
    expect(steps([piece(4, 0, 2000)])).toEqual([]);
    expect(steps([piece(4, 0, 2048)])).toEqual([`text ${key}`]);
    expect(steps([walKey(4)], received('0/400800', '2026-11-29T11:55:00.000Z'))).toEqual([]);
    expect(steps([walKey(4)], received('0/400700', '2026-11-29T11:55:00.000Z'))).toEqual([`text ${key}`]);
    expect(steps([walKey(4)], received('0/400800', '2026-11-29T11:45:00.000Z'))).toEqual([`text ${key}`]);
  });
});

describe('what the off-site copy lets go', () => {
  const three = [backupAt(2), backupAt(3), backupAt(4)];
  const wal = [walKey(1), walKey(2), walKey(3), walKey(4)];

  it('is what the policy says of its own inventory: the record first, then WAL that nothing needs', async () => {
    await claim.backup(backupAt(3));
    await claim.backup(backupAt(4));
    expect(keysOf(planExpiry(await claim.read(), bucketOf(wal, three), keepTwo, now))).toEqual([
      `delete ${archive(2)}/DONE.json`,
      `delete ${archive(2)}/base.tar.zst`,
      `delete ${archive(2)}/backup_manifest`,
      `delete ${walKey(1)}`,
      `delete ${walKey(2)}`,
    ]);
  });

  it('is nothing because the claim is new', async () => {
    const bucket = bucketOf([...wal, piece(4, 0, 9)], [backupAt(2), backupAt(3)]);
    const steps = planExpiry(await claim.read(), bucket, keepTwo, now);
    expect(keysOf(steps)).toEqual([`delete ${walKey(1)}`]);
    expect(planExpiry(await claim.read(), bucketOf(wal), keepTwo, now)).toEqual([]);
  });

  it('is nothing that is only in the claim yet too little of', async () => {
    for (const number of [2, 3, 4, 5]) {
      await claim.backup(backupAt(number));
    }
    const steps = planExpiry(await claim.read(), bucketOf(wal, [backupAt(2), backupAt(3)]), keepTwo, now);
    // The claim's own retention has not run: its oldest needs segment 2.
    expect(keysOf(steps)).toEqual([`delete ${walKey(1)}`]);
  });

  it('is what was begun and given up, behind a newer one', async () => {
    const files = bucketOf([`${archive(1)}/base.tar.zst`, `${archive(9)}/base.tar.zst`], [backupAt(2), backupAt(3)]);
    expect(keysOf(planExpiry(await claim.read(), files, keepTwo, now))).toEqual([`delete ${archive(1)}/base.tar.zst`]);
  });
});
