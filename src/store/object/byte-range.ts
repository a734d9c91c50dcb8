import type { ByteRange } from '../place.ts';

/** None for the whole: an empty object has no range. */
export function rangeHeader({ from, to }: ByteRange): string | undefined {
  if (to !== undefined && to <= from) {
    throw new RangeError(`no bytes from ${from} to before ${to}`);
  }
  return from === 0 && to === undefined ? undefined : `bytes=${from}-${to === undefined ? '' : to - 1}`;
}

/** Bytes of an answer in the whole object: from the first to the one behind the last. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly size: number;
}

export function wholeSpan(length: number | undefined): Span | undefined {
  return length === undefined ? undefined : { from: 0, to: length, size: length };
}

/** Of `bytes 0-99/1000`; undefined where it is not what was asked for. A store that ignores ranges says nothing here. */
export function spanOf(header: string | undefined, asked: ByteRange): Span | undefined {
  const found = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(header ?? '');
  if (found === null) {
    return undefined;
  }
  const [from = 0, last = 0, size = 0] = found.slice(1).map(Number);
  const to = Math.min(asked.to ?? size, size);
  return from === asked.from && last + 1 === to ? { from, to, size } : undefined;
}
