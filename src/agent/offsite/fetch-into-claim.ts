import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentContract } from '../contract.ts';
import type { Log } from '../log.ts';
import { RestoreRefused } from '../restore/restore-plan.ts';
import { readConsumed } from '../restore/restore-record.ts';
import { readBaseBackups } from '../store/base-backups.ts';
import { namesIn } from '../store/stored-records.ts';
import { errorCode, writeDurably } from '../store/durable-file.ts';
import { identityText } from '../store/identity.ts';
import { storeNames } from '../store/layout.ts';
import type { BaseBackupRecord } from '../store/layout.ts';
import { readWalInventory } from '../store/wal-inventory.ts';
import type { BucketState } from './bucket-state.ts';
import { carryOutFetch, DamagedArchive } from './carry-out-fetch.ts';
import { DamagedObject, TwoHistories } from './fetch-step.ts';
import { PlaceTrouble } from './place-trouble.ts';
import type { FetchPlan } from './plan-fetch.ts';
import { PieceMissing, planFetch } from './plan-fetch.ts';
import type { SetPlace } from './set-place.ts';

export interface FetchRequest {
  readonly place: SetPlace;
  readonly bucket: Extract<BucketState, { kind: 'BACKUPS' }>;
  /** `<mount>/<prefix>` of the claim. */
  readonly root: string;
  /** What it lies on, for a person. */
  readonly destination: string;
  /** Bytes that it may hold; null: what its file system has. */
  readonly limit: number | null;
  readonly restore: AgentContract['restore'];
  /** How long the place may be silent, between two things that it answered. */
  readonly patienceMs: number;
  readonly log: Log;
}

/** In the claim while it is being filled: without STORE.json it is nobody's, and this says whose it will be. */
const marker = `${storeNames.temporaryPrefix}fetching`;

/** The store that a fetch was filling the claim from when it was cut off; undefined: none was. */
export async function fetchingStore(root: string): Promise<string | undefined> {
  try {
    return (await readFile(join(root, marker), 'utf8')).trim();
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') {
      return undefined;
    }
    throw error;
  }
}

/**
 * Brings from the off-site copy what the claim lacks for a restore. Safe to kill at any moment and to run again: a file has its name only
 * when it was checked and is on disk, and STORE.json, without which the claim is nobody's, comes last.
 * @throws RestoreRefused with one line for a person; system errors of the claim.
 */
export async function fetchIntoClaim(request: FetchRequest): Promise<void> {
  const { bucket, root, log, place } = request;
  await writeDurably(join(root, marker), `${bucket.identity.id}\n`);
  const damaged = new Map<string, string>();
  for (;;) {
    const plan = await planFor(request, damaged);
    try {
      await fetchAll(request, plan);
      break;
    } catch (error) {
      if (!(error instanceof DamagedArchive)) {
        throw inWords(place.name, error);
      }
      damaged.set(plan.backup.id, error.message);
      log.error(`base backup ${plan.backup.id} of the off-site copy is damaged: ${error.message}`);
    }
  }
  // Also where the claim's own had not learned of its system.
  await writeDurably(join(root, storeNames.identity), identityText(bucket.identity));
  await rm(join(root, marker), { force: true });
}

async function planFor(request: FetchRequest, damaged: ReadonlyMap<string, string>): Promise<FetchPlan> {
  const { bucket, root, place, restore } = request;
  const local = await readLocal(root, bucket.systemId);
  const own = await readBaseBackups(root, bucket.systemId);
  const backups = union(own.complete, bucket.backups).filter(({ id }) => !damaged.has(id));
  if (backups.length === 0) {
    const list = [...damaged].map(([id, reason]) => `${id}: ${reason}`).join('; ');
    throw new RestoreRefused(
      `every base backup of the off-site copy ${place.name} is damaged (${list}). Wanted: one that is as it was stored; nothing was started`,
    );
  }
  try {
    return planFetch({
      systemId: bucket.systemId,
      segmentSize: segmentSizeOf(bucket),
      bucket: bucket.inventory,
      backups,
      local: local.files,
      localSegments: local.segments,
      restore,
      consumed: restore.id !== null && (await isConsumed(request, restore.id)),
    });
  } catch (error) {
    throw inWords(place.name, error);
  }
}

async function isConsumed({ bucket, root }: FetchRequest, id: string): Promise<boolean> {
  const name = `${storeNames.restores}/${encodeURIComponent(id).replaceAll('.', '%2E')}.json`;
  return bucket.inventory.texts.has(name) || (await readConsumed(root, id)) !== undefined;
}

function union(own: readonly BaseBackupRecord[], copied: readonly BaseBackupRecord[]): readonly BaseBackupRecord[] {
  const ids = new Set(own.map(({ id }) => id));
  return [...own, ...copied.filter(({ id }) => !ids.has(id))];
}

function segmentSizeOf({ identity, backups }: FetchRequest['bucket']): number {
  const size = identity.segmentSize ?? backups.at(-1)?.segmentSize;
  if (size === undefined) {
    throw new Error('a store with backups knows its segment size');
  }
  return size;
}

/** What the claim has, whole: a file that is under its name was checked before. */
async function readLocal(
  root: string,
  systemId: string,
): Promise<{ readonly files: ReadonlyMap<string, number>; readonly segments: ReadonlySet<string> }> {
  const files = new Map<string, number>();
  const note = async (key: string): Promise<void> => {
    const found = await stat(join(root, key)).catch(() => undefined);
    if (found?.isFile() === true) {
      files.set(key, found.size);
    }
  };
  for (const part of [`${systemId}/${storeNames.wal}`, `${systemId}/${storeNames.base}`]) {
    for (const name of (await namesIn(join(root, part))).filter((candidate) => !candidate.startsWith('.'))) {
      await note(`${part}/${name}`);
      if (!files.has(`${part}/${name}`)) {
        for (const file of (await namesIn(join(root, part, name))).filter((inner) => !inner.startsWith('.'))) {
          await note(`${part}/${name}/${file}`);
        }
      }
    }
  }
  for (const file of await namesIn(join(root, storeNames.restores))) {
    await note(`${storeNames.restores}/${file}`);
  }
  await note(`${systemId}/${storeNames.gaps}`);
  await note(`${systemId}/${storeNames.received}`);
  const { segments } = await readWalInventory(root, systemId);
  return { files, segments: new Set([...segments.values()].flatMap((names) => [...names])) };
}

async function fetchAll(request: FetchRequest, plan: FetchPlan): Promise<void> {
  const { bucket, place, root, destination, limit, patienceMs, log } = request;
  if (plan.steps.length === 0) {
    return;
  }
  log.info(
    { backup: plan.backup.id, files: plan.steps.length, bytes: plan.size },
    `bringing base backup ${plan.backup.id} and the WAL behind it from the off-site copy`,
  );
  const { systemId } = bucket;
  const segmentSize = segmentSizeOf(bucket);
  await carryOutFetch(
    { place, root, destination, limit, systemId, segmentSize, patienceMs, log },
    plan.steps,
    plan.size,
  );
}

export function inWords(name: string, error: unknown): unknown {
  if (error instanceof PlaceTrouble) {
    return new RestoreRefused(
      `the off-site copy ${name} could not be read to its end: ${error.message}. Nothing was started; the next try goes on where this one ended`,
      { cause: error },
    );
  }
  if (error instanceof DamagedObject || error instanceof PieceMissing) {
    return new RestoreRefused(
      `the off-site copy ${name} is damaged: ${error.message}. Wanted: what was stored there; nothing was started`,
      { cause: error },
    );
  }
  if (error instanceof TwoHistories) {
    return new RestoreRefused(
      `${error.message}. Wanted: one history; keep the one that is right and move the other away. Nothing was started`,
      { cause: error },
    );
  }
  return error;
}
