import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../log.ts';
import { errorCode, writeDurably } from '../store/durable-file.ts';
import { claimStore, identityText } from '../store/identity.ts';
import { storeNames } from '../store/layout.ts';
import type { BucketInventory } from './bucket-inventory.ts';
import { readBucketState, readOwnerless } from './bucket-state.ts';
import { carryOutFetch } from './carry-out-fetch.ts';
import { inWords } from './fetch-into-claim.ts';
import { planTail } from './plan-tail.ts';
import type { SetPlace } from './set-place.ts';

export interface TailRequest {
  readonly place: SetPlace;
  readonly owner: { readonly namespace: string; readonly set: string };
  /** `<mount>/<prefix>` of the spool. */
  readonly root: string;
  /** Bytes that the spool may hold. */
  readonly limit: number;
  /** Of the database that is there. */
  readonly systemId: string;
  readonly segmentSize: number;
  /** Number of the segment that its replay begins in; null where nothing is replayed. */
  readonly from: bigint | null;
  /** Whether a replay needs all of it: a hole would end it. */
  readonly whole: boolean;
  readonly patienceMs: number;
  /** Ends the question what the copy holds. */
  readonly signal?: AbortSignal;
  readonly log: Log;
}

export type Tail =
  | { readonly kind: 'brought' }
  /** The copy holds nothing of anybody: what the spool holds from now on begins it. */
  | { readonly kind: 'nothing' }
  /** It is of somebody else, or of another database: never to be written to. The sentence is for a person. */
  | { readonly kind: 'not-ours'; readonly reason: string }
  /** Nothing is known of it. */
  | { readonly kind: 'unanswered'; readonly reason: string };

/** The part of the spool's limit that older WAL may take which a replay does not need, but the question whether PGDATA went back. */
const share = 0.25;

/**
 * A spool is gone with its pod. A new one beside a database that is there goes on as the store that the off-site copy is of, from where that
 * ends. Safe to kill at any moment: STORE.json comes last, and what lies in a spool without it was never more than a copy.
 * @throws RestoreRefused, system errors of the spool.
 */
export async function bringTail(request: TailRequest): Promise<Tail> {
  const { place, owner, root, systemId, signal } = request;
  const state = await readBucketState(place, owner, signal);
  switch (state.kind) {
    case 'UNKNOWN': {
      const inventory = await readOwnerless(place, systemId, signal).catch(() => undefined);
      if (inventory === undefined) {
        return { kind: 'unanswered', reason: state.reason };
      }
      await fetchTail(request, inventory);
      const { namespace, set } = owner;
      await claimStore(root, { namespace, set, claimedAt: new Date().toISOString() });
      return { kind: 'brought' };
    }
    case 'OTHER':
      return {
        kind: 'not-ours',
        reason: `the off-site copy ${place.name} belongs to ${state.identity.namespace}/${state.identity.set}; wanted ${owner.namespace}/${owner.set}. Give this set another prefix in postgres.io/backup-store`,
      };
    case 'EMPTY':
      await clear(root);
      if (state.identity !== null) {
        await writeDurably(join(root, storeNames.identity), identityText(state.identity));
      }
      return { kind: 'nothing' };
    case 'CLAIMED':
    case 'BACKUPS':
      if (state.systemId !== systemId) {
        return {
          kind: 'not-ours',
          reason: `the off-site copy ${place.name} holds system ${state.systemId}, this server is ${systemId}. It is another database; give this set another prefix in postgres.io/backup-store, or restore`,
        };
      }
      await fetchTail(request, state.inventory);
      await writeDurably(join(root, storeNames.identity), identityText(state.identity));
      return { kind: 'brought' };
  }
}

async function fetchTail(request: TailRequest, bucket: BucketInventory): Promise<void> {
  const { place, root, limit, systemId, segmentSize, from, whole, log } = request;
  await clear(root);
  const { steps, size } = planTail({ systemId, segmentSize, bucket, from, most: whole ? null : limit * share });
  await carryOutFetch({ ...request, destination: 'the spool for backups' }, steps, size).catch((error: unknown) => {
    throw inWords(place.name, error);
  });
  log.info({ files: steps.length, bytes: size }, `the spool is new: it goes on where ${place.name} ends`);
}

/** A spool without STORE.json is one that was being filled when its filling was cut off. */
async function clear(root: string): Promise<void> {
  const names = await readdir(root).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') {
      return [];
    }
    throw error;
  });
  for (const name of names) {
    await rm(join(root, name), { recursive: true, force: true });
  }
  await mkdir(root, { recursive: true, mode: 0o700 });
}
