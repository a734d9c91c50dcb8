import type { WalInventory } from '../store/wal-inventory.ts';
import { historyName, parseSegment, segmentName } from '../store/wal-name.ts';
import type { Lineage, TimelineSpan } from './lineage.ts';

/** A file of the store that recovery reads next. */
export interface WalStep {
  /** Name of the segment, without suffixes. */
  readonly name: string;
  readonly number: bigint;
  readonly timeline: number;
  readonly form: 'whole' | 'partial';
  /** Bytes from this LSN on belong to a timeline that was left: to be read as zeros. Null: all of it counts. */
  readonly cutAt: bigint | null;
}

export interface WalRoute {
  /** In the order of replay, without a hole. */
  readonly steps: readonly WalStep[];
  /** Where the store proves that WAL went on behind the last step. A server that met the hole would start with rows missing. */
  readonly gap: WalGap | null;
}

export interface WalGap {
  /** Name of the segment that should be there. */
  readonly missing: string;
  /** The file that proves it. */
  readonly evidence: string;
}

/**
 * What recovery will read from segment `from` on, along `lineage`, to the end of the store's WAL. Pure.
 *
 * In each segment the newest timeline that has begun by then counts: at a promotion PostgreSQL copies the segment of the
 * fork to the new timeline. Only where nothing at all of the new timeline was received is the old one's file read, up
 * to the fork: what is behind it was abandoned.
 */
export function walRoute(wal: WalInventory, lineage: Lineage, from: bigint, segmentSize: number): WalRoute {
  const held = heldNumbers(wal, segmentSize);
  const steps: WalStep[] = [];
  for (let number = from; ; number += 1n) {
    const [newest, ...older] = spansAt(lineage, number, segmentSize);
    if (newest === undefined) {
      return { steps, gap: null };
    }
    const step = stepFrom(wal, newest, number, segmentSize);
    const gap = gapAt(held, lineage, newest, number, step !== undefined, segmentSize);
    if (step !== undefined && (step.form === 'whole' || gap === null)) {
      steps.push(step);
      continue;
    }
    if (gap !== null) {
      return { steps, gap };
    }
    const abandoned = older[0];
    if (abandoned === undefined) {
      return { steps, gap: null };
    }
    const fallback = stepFrom(wal, abandoned, number, segmentSize);
    return fallback === undefined
      ? { steps, gap: { missing: nameOf(abandoned, number, segmentSize), evidence: historyName(newest.timeline) } }
      : { steps: [...steps, fallback], gap: null };
  }
}

/** What a single request of recovery (`restore_command`, %f) stands for. */
export type WalAnswer =
  | { readonly kind: 'step'; readonly step: WalStep }
  /** Proven: the store's WAL ends before it. */
  | { readonly kind: 'end' }
  | { readonly kind: 'gap'; readonly gap: WalGap };

/** Recovery asks for the newest timeline of a segment first and then for older ones; each answer must hold by itself. Pure. */
export function walAnswer(wal: WalInventory, lineage: Lineage, name: string, segmentSize: number): WalAnswer {
  const { timeline, number } = parseSegment(name, segmentSize);
  const span = spansAt(lineage, number, segmentSize).find((found) => found.timeline === timeline);
  if (span === undefined) {
    // Outside its timeline's part of the lineage: nothing that recovery may replay.
    return { kind: 'end' };
  }
  const step = stepFrom(wal, span, number, segmentSize);
  const gap = gapAt(heldNumbers(wal, segmentSize), lineage, span, number, step !== undefined, segmentSize);
  if (step !== undefined && (step.form === 'whole' || gap === null)) {
    return { kind: 'step', step };
  }
  return gap === null ? { kind: 'end' } : { kind: 'gap', gap };
}

/** The spans that have bytes in segment `number`, newest first. */
export function spansAt(lineage: Lineage, number: bigint, segmentSize: number): TimelineSpan[] {
  const size = BigInt(segmentSize);
  return lineage.filter((span) => span.begin / size <= number && number <= lastNumber(span, size)).reverse();
}

/** Proof that WAL went on behind segment `number` of the span, or behind what its `.partial` holds: a later file, or a fork. */
function gapAt(
  held: ReadonlyMap<number, readonly bigint[]>,
  lineage: Lineage,
  span: TimelineSpan,
  number: bigint,
  present: boolean,
  segmentSize: number,
): WalGap | null {
  const missing = nameOf(span, number, segmentSize);
  const later = held.get(span.timeline)?.find((candidate) => candidate > number);
  if (later !== undefined) {
    return { missing, evidence: nameOf(span, later, segmentSize) };
  }
  const next = lineage[lineage.indexOf(span) + 1];
  if (next === undefined) {
    return null;
  }
  const following = held.get(next.timeline) ?? [];
  // In the segment of the fork the next timeline's copy is as good, and PostgreSQL asks for it first. Where nothing of that
  // timeline was received, what there is of this one is the end.
  const copied = next.begin / BigInt(segmentSize) === number && following.includes(number);
  const last = number === lastNumber(span, BigInt(segmentSize)) && following.length === 0;
  return copied || (present && last) ? null : { missing, evidence: historyName(next.timeline) };
}

function nameOf(span: TimelineSpan, number: bigint, segmentSize: number): string {
  return segmentName({ timeline: span.timeline, number }, segmentSize);
}

function stepFrom(wal: WalInventory, span: TimelineSpan, number: bigint, segmentSize: number): WalStep | undefined {
  const name = nameOf(span, number, segmentSize);
  const form =
    wal.segments.get(span.timeline)?.has(name) === true
      ? 'whole'
      : wal.partial.get(span.timeline)?.has(name) === true
        ? 'partial'
        : undefined;
  const next = (number + 1n) * BigInt(segmentSize);
  return form === undefined
    ? undefined
    : { name, number, timeline: span.timeline, form, cutAt: span.end !== null && span.end < next ? span.end : null };
}

/** The last segment with bytes of the span. */
function lastNumber(span: TimelineSpan, size: bigint): bigint {
  if (span.end === null) {
    return 1n << 63n;
  }
  return span.end === 0n ? 0n : (span.end - 1n) / size;
}

function heldNumbers(wal: WalInventory, segmentSize: number): Map<number, bigint[]> {
  const held = new Map<number, bigint[]>();
  for (const names of [wal.segments, wal.partial]) {
    for (const [timeline, found] of names) {
      const numbers = [...found].map((name) => parseSegment(name, segmentSize).number);
      held.set(timeline, [...(held.get(timeline) ?? []), ...numbers]);
    }
  }
  for (const numbers of held.values()) {
    numbers.sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  }
  return held;
}
