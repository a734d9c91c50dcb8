import type { AgentContract } from '../contract.ts';
import type { StoreState } from '../decision/store-state.ts';
import type { StoreIdentity } from '../store/layout.ts';
import { differs } from './bucket-identity.ts';
import type { BucketState } from './bucket-state.ts';

/** The claim, as far as the off-site copy is concerned: a fetch that was cut off is no state of its own anywhere else. */
export type ClaimState = StoreState | { readonly kind: 'FETCHING'; readonly storeId: string };

export type OffsiteDecision =
  /** Goes on with what the claim holds. */
  | { readonly action: 'go-on'; readonly notes: readonly string[] }
  /** Brings into the claim what it lacks, then goes on. */
  | { readonly action: 'fetch'; readonly notes: readonly string[] }
  | { readonly action: 'stop'; readonly reason: string };

export interface OffsiteSituation {
  /** Of the place, for messages. */
  readonly name: string;
  readonly claim: ClaimState;
  readonly bucket: BucketState;
  readonly contract: Pick<AgentContract, 'bootstrap' | 'namespace' | 'set'>;
  /** There is no claim: a spool is in its place, and what it lacks says nothing. */
  readonly spooled: boolean;
}

/**
 * A primary without a database: what the off-site copy is asked for before the claim is judged. Pure; the table is in
 * docs/boot-decision.md. Where the claim itself cannot be used (UNKNOWN, OTHER), decide.ts stops: nothing could be fetched into it.
 */
export function decideOffsite(situation: OffsiteSituation): OffsiteDecision {
  const { name, claim, bucket, contract } = situation;
  if (claim.kind === 'UNKNOWN' || claim.kind === 'OTHER' || claim.kind === 'NONE') {
    return { action: 'go-on', notes: [] };
  }
  if (bucket.kind === 'OTHER') {
    const { namespace, set } = bucket.identity;
    return stop(
      `the off-site copy ${name} belongs to ${namespace}/${set}, not to ${contract.namespace}/${contract.set}. Wanted: one of this set; write another prefix or bucket in postgres.io/backup-store`,
    );
  }
  const claimed = identityOf(claim);
  const copied = bucket.kind === 'UNKNOWN' ? null : bucket.identity;
  const difference = claimed === null || copied === null ? null : differs(name, copied, claimed);
  if (difference !== null) {
    return stop(difference);
  }
  if (claim.kind === 'FETCHING' && copied !== null && copied.id !== claim.storeId) {
    return stop(
      `a restore from store ${claim.storeId} was cut off, and the off-site copy ${name} is of store ${copied.id} now. Wanted: the same one; or an empty claim to begin anew`,
    );
  }
  return claim.kind === 'BACKUPS' ? withBackups(name, bucket) : withoutBackups(situation, claim, bucket);
}

function withBackups(name: string, bucket: Exclude<BucketState, { kind: 'OTHER' }>): OffsiteDecision {
  switch (bucket.kind) {
    case 'BACKUPS':
      return { action: 'fetch', notes: [] };
    case 'CLAIMED':
      return goOn(
        `the off-site copy ${name} holds no complete base backup (${bucket.found}): the claim is restored from`,
      );
    case 'EMPTY':
      return goOn(
        `the off-site copy ${name} is empty, though the claim holds base backups: the claim is restored from`,
      );
    case 'UNKNOWN':
      return goOn(
        `the off-site copy ${name} could not be asked whether it holds more than the claim: ${bucket.reason}. The claim is restored from`,
      );
  }
}

function withoutBackups(
  { name, contract, spooled }: OffsiteSituation,
  claim: Extract<ClaimState, { kind: 'EMPTY' | 'CLAIMED' | 'FETCHING' }>,
  bucket: Exclude<BucketState, { kind: 'OTHER' }>,
): OffsiteDecision {
  const found = inWords(claim, spooled);
  switch (bucket.kind) {
    case 'UNKNOWN':
      return stop(
        `PGDATA is empty, ${found}, and the off-site copy ${name} cannot be read: ${bucket.reason}. ` +
          'Wanted: a place that answers; nothing is ever initialised on a guess. Look at postgres.io/backup-store and postgres.io/backup-store-secret',
      );
    case 'BACKUPS':
      return contract.bootstrap === 'initialize'
        ? stop(
            `the off-site copy ${name} holds ${bucket.backups.length} base backups of system ${bucket.systemId}, but postgres.io/bootstrap is "initialize". ` +
              'Wanted: "auto" or "restore" to bring them back, or another prefix in postgres.io/backup-store to begin anew',
          )
        : { action: 'fetch', notes: [`${found}: it is filled from the off-site copy ${name}`] };
    case 'CLAIMED':
      return stop(
        `PGDATA is empty, ${found}, and the off-site copy ${name} shows that data existed (${bucket.found}), without a complete backup. Refusing to make an empty database over it. ` +
          `Bring the data volume${spooled ? '' : ' or the claim'} back, or begin anew with another prefix in postgres.io/backup-store`,
      );
    case 'EMPTY':
      return claim.kind === 'FETCHING'
        ? stop(
            `a restore from the off-site copy ${name} was cut off, and now that is empty. Wanted: what it held; nothing is ever initialised on a guess`,
          )
        : { action: 'go-on', notes: [] };
  }
}

function identityOf(claim: ClaimState): StoreIdentity | null {
  return claim.kind === 'BACKUPS' || claim.kind === 'CLAIMED' || claim.kind === 'EMPTY' ? claim.identity : null;
}

function inWords(claim: Extract<ClaimState, { kind: 'EMPTY' | 'CLAIMED' | 'FETCHING' }>, spooled: boolean): string {
  const place = spooled ? 'the spool' : 'the claim for backups';
  switch (claim.kind) {
    case 'EMPTY':
      return spooled ? 'there is no claim for backups' : `${place} is empty`;
    case 'CLAIMED':
      return `${place} holds no complete one (${claim.found})`;
    case 'FETCHING':
      return `${place} is half filled`;
  }
}

function goOn(note: string): OffsiteDecision {
  return { action: 'go-on', notes: [note] };
}

function stop(reason: string): OffsiteDecision {
  return { action: 'stop', reason };
}
