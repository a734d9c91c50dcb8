import { describe, expect, it } from 'vitest';
import { lineageOf } from '../../../src/agent/restore/lineage.ts';
import type { WalAnswer, WalRoute } from '../../../src/agent/restore/wal-route.ts';
import { walAnswer, walRoute } from '../../../src/agent/restore/wal-route.ts';
import type { WalInventory } from '../../../src/agent/store/wal-inventory.ts';
import { segmentName } from '../../../src/agent/store/wal-name.ts';

const size = 1024 * 1024;

/** `1/5` is segment 5 of timeline 1, `1/5p` its unfinished form. */
function inventory(...files: string[]): WalInventory {
  const segments = new Map<number, Set<string>>();
  const partial = new Map<number, Set<string>>();
  for (const file of files) {
    const [timeline = 0, number = 0] = file.replace('p', '').split('/').map(Number);
    const into = file.endsWith('p') ? partial : segments;
    into.set(timeline, (into.get(timeline) ?? new Set()).add(segmentName({ timeline, number: BigInt(number) }, size)));
  }
  return { segments, partial, histories: new Set() };
}

function route(files: string[], history: string | null, timeline: number): WalRoute {
  return walRoute(inventory(...files), lineageOf(timeline, history), 3n, size);
}

/** `1/5`, `1/5p`, `1/5<` where it is cut at a fork; a gap as `!1/6`. */
function text(found: WalRoute): string[] {
  const steps = found.steps.map(
    (step) => `${step.timeline}/${step.number}${step.form === 'partial' ? 'p' : ''}${step.cutAt === null ? '' : '<'}`,
  );
  return found.gap === null ? steps : [...steps, `!${found.gap.missing} ${found.gap.evidence}`];
}

const name = (timeline: number, number: number): string => segmentName({ timeline, number: BigInt(number) }, size);

/** Timeline 2 forked off in the middle of segment 5. */
const fork = '1\t0/580000\tno recovery target specified\n';

describe('the way of recovery through the WAL of a store', () => {
  it('goes to the unfinished segment', () => {
    expect(text(route(['1/3', '1/4', '1/5', '1/6p'], null, 1))).toEqual(['1/3', '1/4', '1/5', '1/6p']);
  });

  it('ends where nothing proves that there was more', () => {
    expect(text(route(['1/3', '1/4'], null, 1))).toEqual(['1/3', '1/4']);
    expect(text(route([], null, 1))).toEqual([]);
  });

  it.each([
    ['a hole', ['1/3', '1/5'], ['1/3', `!${name(1, 4)} ${name(1, 5)}`]],
    ['a hole before the unfinished one', ['1/3', '1/5p'], ['1/3', `!${name(1, 4)} ${name(1, 5)}`]],
    ['an unfinished one in the middle', ['1/3', '1/4p', '1/5'], ['1/3', `!${name(1, 4)} ${name(1, 5)}`]],
    ['the first one missing', ['1/4'], [`!${name(1, 3)} ${name(1, 4)}`]],
  ])('knows %s for a gap', (_, files, expected) => {
    expect(text(route(files, null, 1))).toEqual(expected);
  });

  it("takes the new timeline's copy of the segment of the fork", () => {
    expect(text(route(['1/3', '1/4', '1/5', '2/5', '2/6p'], fork, 2))).toEqual(['1/3', '1/4', '2/5', '2/6p']);
  });

  it('does not follow the old timeline behind the fork', () => {
    expect(text(route(['1/3', '1/4', '1/5', '1/6', '1/7', '2/5'], fork, 2))).toEqual(['1/3', '1/4', '2/5']);
  });

  it('reads the old timeline up to the fork where nothing of the new one was received', () => {
    expect(text(route(['1/3', '1/4', '1/5', '1/6'], fork, 2))).toEqual(['1/3', '1/4', '1/5<']);
    expect(text(route(['1/3', '1/4', '1/5p'], fork, 2))).toEqual(['1/3', '1/4', '1/5p<']);
  });

  it.each([
    ["the fork's segment is missing on the new timeline", ['1/3', '1/4', '1/5', '2/6'], `!${name(2, 5)} ${name(2, 6)}`],
    ['WAL before the fork is missing', ['1/3', '2/5'], `!${name(1, 4)} 00000002.history`],
    ['nothing of the segment of the fork is there', ['1/3', '1/4'], `!${name(1, 5)} 00000002.history`],
  ])('knows it for a gap where %s', (_, files, expected) => {
    expect(text(route(files, fork, 2)).at(-1)).toBe(expected);
  });

  it('changes timelines at a boundary of segments', () => {
    const boundary = '1\t0/600000\tx\n';
    expect(text(route(['1/3', '1/4', '1/5', '2/6'], boundary, 2))).toEqual(['1/3', '1/4', '1/5', '2/6']);
    expect(text(route(['1/3', '1/4', '1/5p', '2/6'], boundary, 2)).at(-1)).toBe(`!${name(1, 5)} 00000002.history`);
  });
});

describe('the answer to one request of recovery', () => {
  const lineage = lineageOf(2, fork);

  function answer(files: string[], wanted: string): string {
    const found: WalAnswer = walAnswer(inventory(...files), lineage, wanted, size);
    return found.kind === 'step' ? `step ${found.step.form}${found.step.cutAt === null ? '' : ' cut'}` : found.kind;
  }

  it.each([
    ['there', ['1/4', '2/5'], name(1, 4), 'step whole'],
    ['the end of the newest timeline', ['1/4', '2/5'], name(2, 6), 'end'],
    ['a hole', ['2/5', '2/7'], name(2, 6), 'gap'],
    ['unfinished, the newest', ['2/5', '2/6p'], name(2, 6), 'step partial'],
    ['unfinished, with more behind it', ['2/5', '2/6p', '2/7'], name(2, 6), 'gap'],
    ['missing before a fork', ['2/5'], name(1, 4), 'gap'],
    ["the fork's segment, copied to the new timeline", ['1/4', '2/5'], name(1, 5), 'end'],
    ["the fork's segment of the old timeline", ['1/4', '1/5'], name(1, 5), 'step whole cut'],
    ['behind the fork on the old timeline', ['1/6', '2/5'], name(1, 6), 'end'],
    ['of a timeline outside the lineage', ['3/6'], name(3, 6), 'end'],
  ])('%s', (_, files, wanted, expected) => {
    expect(answer(files, wanted)).toBe(expected);
  });
});

describe('a lineage', () => {
  it('is read from the history of its last timeline', () => {
    expect(lineageOf(4, '1\t0/3000000\tx\n\n# a comment\n3\t1/0\ty\n')).toEqual([
      { timeline: 1, begin: 0n, end: 0x3000000n },
      { timeline: 3, begin: 0x3000000n, end: 0x1_0000_0000n },
      { timeline: 4, begin: 0x1_0000_0000n, end: null },
    ]);
  });

  it.each([
    ['', '00000003.history is empty; wanted a line for each timeline before'],
    ['2\t0/3000000\tx\n1\t0/4000000\ty\n', '00000003.history is damaged: timeline 1 cannot stand there'],
    ['3\t0/3000000\tx\n', '00000003.history is damaged: timeline 3 cannot stand there'],
    ['1\t0/3000000\tx\n2\t0/2000000\ty\n', '00000003.history is damaged: timeline 2 cannot stand there'],
  ])('is refused from %j', (history, message) => {
    expect(() => lineageOf(3, history)).toThrow(message);
  });
});
