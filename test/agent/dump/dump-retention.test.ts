import { describe, expect, it } from 'vitest';
import type { DumpManifest } from '../../../src/agent/dump/dump-manifest.ts';
import { planDumpRetention } from '../../../src/agent/dump/dump-retention.ts';
import { manifestOf } from './manifest-of.ts';

const now = new Date('2026-12-20T12:00:00Z');

/** One a day; a name with `!` failed. */
function dumps(...days: readonly (readonly string[])[]): DumpManifest[] {
  return days.map((names, day) => manifestOf(day + 1, names));
}

const gone = (all: readonly DumpManifest[], keep: number, keepFor: number | null = null): string[] =>
  planDumpRetention(all, { keep, keepFor }, now).map(({ id }) => id.slice(6, 8));

describe('dumps that are kept', () => {
  it('are the newest', () => {
    expect(gone(dumps(['a'], ['a'], ['a']), 2)).toEqual(['01']);
    expect(gone(dumps(['a'], ['a'], ['a']), 5)).toEqual([]);
  });

  it('are those that are young, even where that makes more', () => {
    expect(gone(dumps(...Array.from({ length: 19 }, () => ['a'])), 2, 17 * 86_400)).toEqual(['01', '02', '03']);
  });

  it('are always the last good ones of each database', () => {
    expect(gone(dumps(['a', 'b'], ['a', 'b'], ['a', 'b!'], ['a', 'b!'], ['a', 'b!']), 1)).toEqual(['01', '03', '04']);
  });

  it('are not those of a database that is gone', () => {
    expect(gone(dumps(['a', 'b'], ['a'], ['a']), 1)).toEqual(['01', '02']);
  });

  it('are never none', () => {
    expect(gone(dumps(['a']), 0)).toEqual([]);
    expect(gone([], 1)).toEqual([]);
  });
});
