import type { WhenBehind } from '../contract.ts';
import { formatLsn } from '../store/wal-name.ts';

/** An end of WAL for a person: where, and when something was last committed or written there. */
export interface WalPosition {
  readonly lsn: bigint;
  /** ISO 8601; null where nothing tells. */
  readonly at: string | null;
}

/**
 * PGDATA's WAL against the store's, on PGDATA's timeline and those that came from it. WAL reaches the store only after the server
 * flushed it, so that a store which reaches further, or holds other bytes, proves that the data volume lost what it had.
 *
 * | kind     | the store                                              | PGDATA was                                        |
 * | equal    | ends where PGDATA ends                                  | stopped cleanly                                   |
 * | ahead    | ends before                                             | not received to its end, or the store went back   |
 * | behind   | reaches further, with the same bytes up to PGDATA's end | put back, and not written to since                |
 * | diverged | holds other bytes, or went on from before PGDATA's end  | put back, and written to since                    |
 */
export type DataPosition =
  | { readonly kind: 'equal' | 'ahead' }
  | {
      readonly kind: 'behind';
      readonly data: WalPosition;
      readonly store: WalPosition;
      readonly timelines: { readonly data: number; readonly store: number };
      /** Why the store's WAL cannot be replayed on top of PGDATA; null where it can. */
      readonly obstacle: string | null;
      /** Where the last record in the store begins. */
      readonly lastRecord: bigint | null;
    }
  | {
      readonly kind: 'diverged';
      readonly data: WalPosition;
      readonly store: WalPosition;
      readonly timelines: { readonly data: number; readonly store: number };
      /** The last byte that both have in common is before it. */
      readonly since: bigint;
    }
  /** Nothing could be compared; nothing is proven. */
  | { readonly kind: 'unknown'; readonly reason: string };

export type RecoveryWay = { readonly kind: 'catch-up'; readonly lastRecord: bigint | null } | { readonly kind: 'fork' };

export type WentBackJudgement =
  | { readonly kind: 'go-on'; readonly notes: readonly string[] }
  | { readonly kind: 'recover'; readonly how: RecoveryWay; readonly notes: readonly string[] }
  | { readonly kind: 'stop'; readonly reason: string };

/**
 * | `when-behind` | behind                                   | diverged                                 |
 * | stop          | stop                                     | stop                                     |
 * | catch-up      | replay the store's WAL; where it has a hole: stop | stop: two histories are never joined |
 * | fork          | PGDATA goes on, on a timeline of its own | the same                                 |
 *
 * @param forkUsed `fork` was carried out before under this restore-id: an annotation that was left in place is no consent to lose
 * rows a second time.
 */
export function judgeWentBack(
  position: DataPosition,
  whenBehind: WhenBehind,
  forkUsed: string | null,
): WentBackJudgement {
  switch (position.kind) {
    case 'equal':
    case 'ahead':
      return { kind: 'go-on', notes: [] };
    case 'unknown':
      return { kind: 'go-on', notes: [`whether PGDATA is older than its backup is not known: ${position.reason}`] };
    case 'behind':
    case 'diverged':
      return judgeLost(position, whenBehind, forkUsed);
  }
}

type Lost = Extract<DataPosition, { data: WalPosition }>;

function judgeLost(position: Lost, whenBehind: WhenBehind, forkUsed: string | null): WentBackJudgement {
  if (whenBehind === 'fork') {
    return forkUsed === null
      ? {
          kind: 'recover',
          how: { kind: 'fork' },
          notes: [`postgres.io/when-behind is "fork": ${seen(position)} What only the store has is left there`],
        }
      : {
          kind: 'stop',
          reason: `${seen(position)} postgres.io/when-behind: "fork" was carried out at ${forkUsed} and counts once. ${waysOut(position)}`,
        };
  }
  if (whenBehind === 'catch-up' && position.kind === 'behind' && position.obstacle === null) {
    return {
      kind: 'recover',
      how: { kind: 'catch-up', lastRecord: position.lastRecord },
      notes: [`postgres.io/when-behind is "catch-up": ${seen(position)} It is replayed`],
    };
  }
  return { kind: 'stop', reason: `${seen(position)} ${waysOut(position)}` };
}

function seen(position: Lost): string {
  const { data, store, timelines } = position;
  const ends = `PGDATA ends at ${text(data, timelines.data)}, the store at ${text(store, timelines.store)}`;
  return position.kind === 'behind'
    ? `the data volume went back: ${ends}, and WAL gets there only after this database wrote it.`
    : `the data volume went back and was written to since: ${ends}, and from ${formatLsn(position.since)} on they are two histories.`;
}

function text({ lsn, at }: WalPosition, timeline: number): string {
  return `${formatLsn(lsn)} of timeline ${timeline}${at === null ? '' : ` (${at})`}`;
}

function waysOut(position: Lost): string {
  const fork =
    'postgres.io/when-behind: "fork" (the older state goes on without those rows, on a timeline of its own; a second time with another postgres.io/restore-id)';
  const restore = 'delete the data claim to restore what the store has';
  return position.kind === 'behind' && position.obstacle === null
    ? `Wanted: the volume as it was; or write postgres.io/when-behind: "catch-up" (the store's WAL is replayed, nothing is lost) or ${fork}, then delete this pod`
    : `Wanted: the volume as it was; ${position.kind === 'behind' ? `catch-up cannot be had (${position.obstacle ?? ''})` : 'two histories cannot be joined'}: ${restore}, or write ${fork} and delete this pod`;
}
