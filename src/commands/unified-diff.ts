/** Lines of context around a change, as diff(1) prints them. */
const context = 3;

/** One step of an edit script: a line that stays, goes or comes. */
export interface Step {
  readonly sign: ' ' | '-' | '+';
  readonly line: string;
}

/** Unified diff of two texts, as lines without line ends; empty where they are equal. */
export function unifiedDiff(before: string, after: string, beforeName: string, afterName: string): readonly string[] {
  if (before === after) return [];
  const steps = editScript(linesOf(before), linesOf(after));
  const hunks = hunkRanges(steps).map(([from, to]) => hunk(steps, from, to));
  return [`--- ${beforeName}`, `+++ ${afterName}`, ...hunks.flat()];
}

/** A last line without line end is marked, as diff(1) does. */
function linesOf(text: string): readonly string[] {
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  return last === '' ? lines : [...lines, `${last}\n\\ No newline at end of file`];
}

/** Myers' greedy algorithm (An O(ND) Difference Algorithm, 1986): cheap where little differs, and here little does. */
export function editScript(before: readonly string[], after: readonly string[]): readonly Step[] {
  const trace: Map<number, number>[] = [];
  let furthest = new Map<number, number>([[1, 0]]);
  for (let distance = 0; ; distance++) {
    trace.push(new Map(furthest));
    const next = new Map(furthest);
    for (let diagonal = -distance; diagonal <= distance; diagonal += 2) {
      let x = startOf(next, diagonal, distance);
      let y = x - diagonal;
      while (x < before.length && y < after.length && before[x] === after[y]) {
        x++;
        y++;
      }
      next.set(diagonal, x);
      if (x >= before.length && y >= after.length) return backtrack(trace, before, after);
    }
    furthest = next;
  }
}

/** From the neighbour that got further: down (a line comes) or right (a line goes). */
function startOf(furthest: ReadonlyMap<number, number>, diagonal: number, distance: number): number {
  return goesDown(furthest, diagonal, distance)
    ? (furthest.get(diagonal + 1) ?? 0)
    : (furthest.get(diagonal - 1) ?? 0) + 1;
}

function goesDown(furthest: ReadonlyMap<number, number>, diagonal: number, distance: number): boolean {
  const left = furthest.get(diagonal - 1) ?? -1;
  const right = furthest.get(diagonal + 1) ?? -1;
  return diagonal === -distance || (diagonal !== distance && left < right);
}

function backtrack(
  trace: readonly ReadonlyMap<number, number>[],
  before: readonly string[],
  after: readonly string[],
): readonly Step[] {
  const steps: Step[] = [];
  let x = before.length;
  let y = after.length;
  for (let distance = trace.length - 1; distance >= 0; distance--) {
    const furthest = trace[distance] ?? new Map<number, number>();
    const diagonal = x - y;
    const isDown = goesDown(furthest, diagonal, distance);
    const previous = isDown ? diagonal + 1 : diagonal - 1;
    const startX = furthest.get(previous) ?? 0;
    const startY = startX - previous;
    while (x > startX && y > startY && x > 0 && y > 0) {
      x--;
      y--;
      steps.push({ sign: ' ', line: before[x] ?? '' });
    }
    if (distance === 0) break;
    steps.push(isDown ? { sign: '+', line: after[startY] ?? '' } : { sign: '-', line: before[startX] ?? '' });
    x = startX;
    y = startY;
  }
  return steps.toReversed();
}

/** Changes that are close enough to share their context are one hunk; [from, to) in steps. */
function hunkRanges(steps: readonly Step[]): readonly (readonly [from: number, to: number])[] {
  const ranges: [number, number][] = [];
  for (const [index, step] of steps.entries()) {
    if (step.sign === ' ') continue;
    const last = ranges.at(-1);
    const to = Math.min(steps.length, index + 1 + context);
    if (last !== undefined && index - context <= last[1]) last[1] = to;
    else ranges.push([Math.max(0, index - context), to]);
  }
  return ranges;
}

function hunk(steps: readonly Step[], from: number, to: number): readonly string[] {
  const lines = steps.slice(from, to);
  const linesBefore = (part: readonly Step[]): number => part.filter(({ sign }) => sign !== '+').length;
  const linesAfter = (part: readonly Step[]): number => part.filter(({ sign }) => sign !== '-').length;
  const earlier = steps.slice(0, from);
  const range = (start: number, length: number): string => `${length === 0 ? start : start + 1},${length}`;
  const header = `@@ -${range(linesBefore(earlier), linesBefore(lines))} +${range(linesAfter(earlier), linesAfter(lines))} @@`;
  return [header, ...lines.map(({ sign, line }) => sign + line)];
}
