import { storeNames } from '../store/layout.ts';
import { isSegmentName, timelineName } from '../store/wal-name.ts';

/**
 * What was added to the newest segment, under a name of its own: a name that is written again and again leaves a version for each time
 * where a bucket keeps versions, and some stores take one write a second per name. Each byte is stored once.
 */
export interface Piece {
  readonly segment: string;
  /** Offset in the segment. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** Largest piece: it is held in memory. */
export const largestPiece = 2 ** 20;

export function pieceKey(systemId: string, { segment, from, to }: Piece): string {
  return `${pieceFolder(systemId, segment)}${offset(from)}-${offset(to)}`;
}

/** With the slash at its end. */
export function pieceFolder(systemId: string, segment: string): string {
  return [systemId, storeNames.partial, timelineName(Number.parseInt(segment.slice(0, 8), 16)), segment, ''].join('/');
}

/** Undefined where the key is none of a piece. */
export function readPieceKey(key: string): Piece | undefined {
  const match = /^\d+\/partial\/[0-9A-F]{8}\/([0-9A-F]{24})\/(\d{10})-(\d{10})$/.exec(key);
  const [, segment, from, to] = match ?? [];
  return segment === undefined || !isSegmentName(segment) || Number(from) >= Number(to)
    ? undefined
    : { segment, from: Number(from), to: Number(to) };
}

/** How far pieces reach from the segment's begin on without a hole. They may overlap: one may be stored of which nobody was told. */
export function coveredTo(pieces: readonly Piece[]): number {
  let end = 0;
  for (const piece of [...pieces].sort((left, right) => left.from - right.from)) {
    if (piece.from > end) {
      break;
    }
    end = Math.max(end, piece.to);
  }
  return end;
}

/** A WAL segment is 1 GB at most. As many digits for all: the order of keys is that of offsets. */
function offset(bytes: number): string {
  return String(bytes).padStart(10, '0');
}
