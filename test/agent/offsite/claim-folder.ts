import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import type { RetentionPolicy } from '../../../src/agent/backup/retention.ts';
import { readBucketInventory } from '../../../src/agent/offsite/bucket-inventory.ts';
import { createLocalReader } from '../../../src/agent/offsite/local-inventory.ts';
import { planBackupPush, planExpiry, planWalPush } from '../../../src/agent/offsite/plan-push.ts';
import type { LocalInventory, PushStep } from '../../../src/agent/offsite/plan-push.ts';
import { pushStep } from '../../../src/agent/offsite/push-step.ts';
import type { SetPlace } from '../../../src/agent/offsite/set-place.ts';
import { identityText } from '../../../src/agent/store/identity.ts';
import type { BaseBackupRecord, StoreIdentity } from '../../../src/agent/store/layout.ts';
import { formatLsn, segmentName } from '../../../src/agent/store/wal-name.ts';
import { fakeSegment, segmentSize, systemId } from '../backup/fake-segment.ts';

export { segmentSize, systemId };

export const keepTwo: RetentionPolicy = { keep: 2, keepFor: null };
export const now = new Date('2026-11-29T12:00:00Z');
export const never = new AbortController().signal;

export const identity: StoreIdentity = {
  format: 1,
  id: '5f0f7b9e-0000-4000-8000-000000000001',
  namespace: 'shop',
  set: 'orders',
  claimedAt: '2026-11-21T06:00:00.000Z',
  systemId,
  major: 17,
  segmentSize,
};

export function segment(number: number, timeline = 1): string {
  return segmentName({ timeline, number: BigInt(number) }, segmentSize);
}

/** Key of a finished one. */
export function walKey(number: number, timeline = 1): string {
  return `${systemId}/wal/${segment(number, timeline).slice(0, 8)}/${segment(number, timeline)}.zst`;
}

/** That begins and ends in segment `number`. */
export function backupAt(number: number, changes: Partial<BaseBackupRecord> = {}): BaseBackupRecord {
  const start = formatLsn(BigInt(number * segmentSize + 0x28));
  const archive = Buffer.from(`archive of backup ${number}`);
  return {
    format: 1,
    id: `202611${String(10 + number)}T060000Z_00000001_${(number * segmentSize + 0x28).toString(16).toUpperCase().padStart(16, '0')}`,
    systemId,
    major: 17,
    segmentSize,
    timeline: 1,
    startLsn: start,
    endLsn: formatLsn(BigInt(number * segmentSize + 0x100)),
    startSegment: segment(number),
    endSegment: segment(number),
    startedAt: `2026-11-${String(10 + number)}T06:00:00.000Z`,
    finishedAt: `2026-11-${String(10 + number)}T06:00:05.000Z`,
    compression: 'zstd',
    archives: [
      { file: 'base.tar.zst', storedSize: archive.length, sha256: createHash('sha256').update(archive).digest('hex') },
    ],
    tablespaces: [],
    size: 100,
    storedSize: archive.length,
    settings: {},
    verified: { at: `2026-11-${String(10 + number)}T06:00:06.000Z`, manifest: true, walThrough: segment(number) },
    ...changes,
  };
}

/** The folder of a set in a claim, as the engine leaves it. */
export class ClaimFolder {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  async write(key: string, bytes: Buffer | string): Promise<void> {
    await mkdir(dirname(join(this.root, key)), { recursive: true });
    await writeFile(join(this.root, key), bytes);
  }

  async identity(changes: Partial<StoreIdentity> = {}): Promise<void> {
    await this.write('STORE.json', identityText({ ...identity, ...changes }));
  }

  /** Finished. */
  async wal(...numbers: number[]): Promise<void> {
    for (const number of numbers) {
      await this.write(walKey(number), zstdCompressSync(fakeSegment(segment(number))));
    }
  }

  /** Finished, and not moved to wal/ yet. */
  async moving(number: number): Promise<void> {
    await this.write(`${systemId}/incoming/00000001/${segment(number)}`, fakeSegment(segment(number)));
  }

  /** Begun, with so many bytes of it. */
  async partial(number: number, bytes: number): Promise<void> {
    const whole = Buffer.alloc(segmentSize);
    fakeSegment(segment(number)).copy(whole, 0, 0, bytes);
    await this.write(`${systemId}/incoming/00000001/${segment(number)}.partial`, whole);
  }

  async backup(record: BaseBackupRecord): Promise<void> {
    const folder = `${systemId}/base/${record.id}`;
    await this.write(
      `${folder}/base.tar.zst`,
      `archive of backup ${record.startSegment.replace(/^.*(..)$/, (_, last: string) => String(Number.parseInt(last, 16)))}`,
    );
    await this.write(`${folder}/backup_manifest`, `manifest of ${record.id}`);
    await this.write(`${folder}/DONE.json`, `${JSON.stringify(record, null, 2)}\n`);
  }

  async remove(key: string): Promise<void> {
    await rm(join(this.root, key), { recursive: true });
  }

  async read(isOver = true): Promise<LocalInventory> {
    const reader = createLocalReader(this.root, { systemId, segmentSize });
    return reader.read(await reader.look(null, isOver));
  }

  /** Key → bytes and SHA-256 of everything in it: to compare megabytes one by one takes half a minute. */
  async files(): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (const entry of await readdir(this.root, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) {
        const path = join(entry.parentPath, entry.name);
        const bytes = await readFile(path);
        const sum = createHash('sha256').update(bytes).digest('hex');
        found.set(path.slice(this.root.length + 1), `${bytes.length} ${sum}`);
      }
    }
    return new Map([...found].sort(([left], [right]) => (left < right ? -1 : 1)));
  }
}

/** Until there is nothing more to do; what keep-offsite.ts does in two lanes. @returns the steps, in order. */
export async function pushAll(place: SetPlace, claim: ClaimFolder, policy = keepTwo): Promise<PushStep[]> {
  const done: PushStep[] = [];
  for (;;) {
    const local = await claim.read();
    const bucket = await readBucketInventory(place, new Map());
    const steps = [
      ...planWalPush(local, bucket, policy, now, true),
      ...planBackupPush(local, bucket, policy, now, new Set()),
      ...planExpiry(local, bucket, policy, now),
    ];
    if (steps.length === 0) {
      return done;
    }
    for (const step of steps) {
      await pushStep(place, { root: claim.root, systemId }, step, never);
      done.push(step);
    }
  }
}
