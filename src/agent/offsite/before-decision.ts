import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Place } from '../../store/place.ts';
import { backOff, pause } from '../backup/pause.ts';
import type { AgentContract, OffsiteContract, StoreContract } from '../contract.ts';
import type { ControlFile } from '../decision/control-file.ts';
import type { StoreState } from '../decision/store-state.ts';
import type { Log } from '../log.ts';
import { RestoreRefused } from '../restore/restore-plan.ts';
import type { Environment } from '../server-connection/credentials.ts';
import { writeDurably } from '../store/durable-file.ts';
import { identityText, readIdentity } from '../store/identity.ts';
import { storeNames, storeRoot } from '../store/layout.ts';
import type { StoreIdentity } from '../store/layout.ts';
import { claimBucket } from './bucket-identity.ts';
import type { BucketState } from './bucket-state.ts';
import { readBucketState } from './bucket-state.ts';
import type { ClaimState } from './decide-offsite.ts';
import { decideOffsite } from './decide-offsite.ts';
import { fetchingStore, fetchIntoClaim } from './fetch-into-claim.ts';
import type { OpenPlace } from './open-place.ts';
import { bringTail } from './bring-tail.ts';
import { PlaceTrouble } from './place-trouble.ts';
import type { SetPlace } from './set-place.ts';
import { folderOfSet, setPlace } from './set-place.ts';

const never = new AbortController().signal;

/** A database that is there does not wait for long for a place that does not answer. */
const startPatienceMs = 10_000;

export interface OffsiteQuestion {
  readonly contract: AgentContract & { readonly store: StoreContract; readonly offsite: OffsiteContract };
  readonly openPlace: OpenPlace;
  readonly environment: Environment;
  /** How long a place that does not answer is asked. */
  readonly patienceMs: number;
  readonly log: Log;
}

/**
 * For a primary without a database, before its claim is judged: brings into the claim what a restore needs and only the off-site copy has.
 * @returns whether the claim is another now.
 * @throws RestoreRefused where nothing may be decided.
 */
export async function fillFromOffsite(question: OffsiteQuestion, store: StoreState): Promise<boolean> {
  const { contract, log, patienceMs } = question;
  const root = storeRoot(contract.store);
  const claim = await claimState(root, store);
  return withPlace(question, async (place) => {
    // Where the claim can be restored from, the copy is asked for what may be more.
    const bucket = await askPatiently(place, question, store.kind === 'BACKUPS' ? patienceMs / 4 : patienceMs);
    const spooled = contract.offsite.spool !== undefined;
    const decision = decideOffsite({ name: place.name, claim, bucket, contract, spooled });
    log.info({ claim: claim.kind, bucket: bucket.kind, action: decision.action }, 'off-site copy');
    if (decision.action === 'stop') {
      throw new RestoreRefused(decision.reason);
    }
    for (const note of decision.notes) {
      log.warn(note);
    }
    if (decision.action === 'fetch' && bucket.kind === 'BACKUPS') {
      await mkdir(root, { recursive: true, mode: 0o700 });
      const { restore, offsite } = contract;
      const limit = offsite.spool ?? null;
      const destination = limit === null ? 'the claim for backups' : 'the spool for backups';
      await fetchIntoClaim({ place, bucket, root, destination, limit, restore, patienceMs, log });
      return true;
    }
    return adopt(root, claim, bucket);
  });
}

/**
 * For a primary with a database and a spool, which is empty at each start of a pod: brings from the off-site copy how far that reaches, so that
 * whether the data went back, or another pod was promoted, is seen as with a claim. A database that is there starts all the same where the copy
 * does not answer, and its agent asks again before anything is received (backup/session.ts); one whose recovery needs the copy's WAL waits.
 * @returns whether the spool is another now.
 * @throws RestoreRefused where a recovery has begun that cannot go on.
 */
export async function fillSpool(question: OffsiteQuestion, control: ControlFile, recovers: boolean): Promise<boolean> {
  const { contract, log, patienceMs } = question;
  const root = storeRoot(contract.store);
  const { spool } = contract.offsite;
  if (spool === undefined || (await readIdentity(root)).kind !== 'absent') {
    return false;
  }
  const giveUpAt = performance.now() + (recovers ? patienceMs : 0);
  try {
    return await withPlace(question, async (place) => {
      for (let attempt = 0; ; attempt += 1) {
        const tail = await bringTail({
          place,
          owner: contract,
          root,
          limit: spool,
          systemId: control.systemId,
          segmentSize: control.segmentSize,
          from: control.redo / BigInt(control.segmentSize),
          whole: recovers || contract.whenBehind === 'catch-up',
          patienceMs: recovers ? patienceMs : Math.min(patienceMs, startPatienceMs),
          ...(recovers ? {} : { signal: AbortSignal.timeout(startPatienceMs) }),
          log,
        });
        if (tail.kind === 'brought' || tail.kind === 'nothing') {
          return tail.kind === 'brought';
        }
        if (tail.kind === 'not-ours' || performance.now() >= giveUpAt) {
          throw new RestoreRefused(
            tail.kind === 'not-ours' ? tail.reason : `the off-site copy ${place.name} cannot be read: ${tail.reason}`,
          );
        }
        log.warn(`the off-site copy ${place.name} does not answer: ${tail.reason}; trying again`);
        await pause(Math.min(backOff(attempt, 15), patienceMs), never);
      }
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (recovers) {
      throw new RestoreRefused(
        `PGDATA is in the middle of a recovery that goes on with WAL of the off-site copy, and that could not be brought: ${reason}. Nothing was changed`,
        { cause: error },
      );
    }
    log.warn(`${reason}. The database is kept up; nothing is received until the off-site copy was read`);
    return false;
  }
}

/** A first start that was cut off in another claim: both are to be of one store. */
async function adopt(root: string, claim: ClaimState, bucket: BucketState): Promise<boolean> {
  if (claim.kind !== 'EMPTY' || claim.identity !== null || bucket.kind !== 'EMPTY' || bucket.identity === null) {
    return false;
  }
  await mkdir(root, { recursive: true, mode: 0o700 });
  await writeDurably(join(root, storeNames.identity), identityText(bucket.identity));
  return true;
}

/**
 * Before anything is initialised: the copy is this store's from now on, so that what is sent there is never taken for a stranger's, and a place
 * that cannot be written is found out while there is nothing to lose.
 * @throws RestoreRefused
 */
export async function claimOffsite(question: OffsiteQuestion, identity: StoreIdentity): Promise<void> {
  await withPlace(question, async (place) => {
    const giveUpAt = performance.now() + question.patienceMs;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const owner = await claimBucket(place, identity);
        if (owner.kind === 'not-ours') {
          throw new RestoreRefused(owner.reason);
        }
        return;
      } catch (error) {
        if (!(error instanceof PlaceTrouble)) {
          throw error;
        }
        if (!error.mayPass || performance.now() >= giveUpAt) {
          throw new RestoreRefused(
            `the off-site copy ${place.name} could not be claimed: ${error.message}. Wanted: a place that this set may write to, before there is a database to lose`,
            { cause: error },
          );
        }
        await pause(Math.min(backOff(attempt, 15), question.patienceMs), never);
      }
    }
  });
}

async function claimState(root: string, store: StoreState): Promise<ClaimState> {
  if (store.kind !== 'UNKNOWN') {
    return store;
  }
  const storeId = await fetchingStore(root).catch(() => undefined);
  return storeId === undefined || (await readIdentity(root)).kind !== 'absent' ? store : { kind: 'FETCHING', storeId };
}

async function askPatiently(place: SetPlace, question: OffsiteQuestion, patienceMs: number): Promise<BucketState> {
  const giveUpAt = performance.now() + patienceMs;
  for (let attempt = 0; ; attempt += 1) {
    const state = await readBucketState(place, question.contract);
    if (state.kind !== 'UNKNOWN' || !state.mayPass || performance.now() >= giveUpAt) {
      return state;
    }
    question.log.warn(`the off-site copy ${place.name} does not answer: ${state.reason}; trying again`);
    await pause(Math.min(backOff(attempt, 15), patienceMs), never);
  }
}

async function withPlace<Value>(
  { contract, openPlace, environment }: OffsiteQuestion,
  work: (place: SetPlace) => Promise<Value>,
): Promise<Value> {
  let place: Place;
  try {
    place = await openPlace(contract.offsite.address, environment);
  } catch (error) {
    throw new RestoreRefused(
      `the off-site copy ${contract.offsite.address} cannot be opened: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
  try {
    return await work(setPlace(place, folderOfSet(contract), () => undefined));
  } finally {
    place.close();
  }
}
