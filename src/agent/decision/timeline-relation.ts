import type { Lineage } from '../restore/lineage.ts';

/** How far a data directory, or a server, has come, and along which timelines. */
export interface WalPosition {
  /** The last span is its own timeline. */
  readonly lineage: Lineage;
  /** First byte behind its WAL; null where that is not known. */
  readonly end: bigint | null;
}

/** What one data directory is to the server that it may follow. */
export type Relation =
  /** All it has, the server has too: it can follow. */
  | { readonly kind: 'follows' }
  /** Both are on one timeline, and the server has less: it lost what it had flushed. */
  | { readonly kind: 'ahead'; readonly end: bigint; readonly serverEnd: bigint }
  /** Its timeline came from the server's: it was promoted, the server was not. */
  | { readonly kind: 'newer' }
  /** It has rows that the server never had: behind `at`, where the server's timeline left it, or from another promotion. */
  | { readonly kind: 'diverged'; readonly at: bigint | null };

/**
 * Judged as the server itself does (PostgreSQL manual, "Timelines"): a standby can cross to another timeline only where that
 * one left its own behind the last byte it has. Pure.
 */
export function relationTo(server: WalPosition, own: WalPosition): Relation {
  const last = lastOf(own.lineage);
  const known = server.lineage.find((span) => span.timeline === last.timeline && span.begin === last.begin);
  if (known === undefined) {
    const theirs = lastOf(server.lineage);
    return own.lineage.some((span) => span.timeline === theirs.timeline && span.begin === theirs.begin)
      ? { kind: 'newer' }
      : { kind: 'diverged', at: null };
  }
  if (own.end === null) {
    return { kind: 'follows' };
  }
  if (known.end !== null) {
    return own.end <= known.end ? { kind: 'follows' } : { kind: 'diverged', at: known.end };
  }
  return server.end === null || own.end <= server.end
    ? { kind: 'follows' }
    : { kind: 'ahead', end: own.end, serverEnd: server.end };
}

export function timelineOf(position: WalPosition): number {
  return lastOf(position.lineage).timeline;
}

function lastOf(lineage: Lineage): Lineage[number] {
  const last = lineage.at(-1);
  if (last === undefined) {
    throw new Error('a lineage has at least its own timeline');
  }
  return last;
}
