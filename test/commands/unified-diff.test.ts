import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unifiedDiff } from '../../src/commands/unified-diff.ts';

test('a change is shown with three lines around it, as diff -u does', () => {
  const before = 'a\nb\nc\nd\ne\nf\ng\n';
  const after = 'a\nb\nc\nd\nE\nnew\nf\ng\n';
  expect(unifiedDiff(before, after, 'x.yaml', 'x.yaml (injected)')).toEqual([
    '--- x.yaml',
    '+++ x.yaml (injected)',
    '@@ -2,6 +2,7 @@',
    ' b',
    ' c',
    ' d',
    '-e',
    '+E',
    '+new',
    ' f',
    ' g',
  ]);
});

test('changes that are far apart are hunks of their own', () => {
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index + 1}\n`);
  const after = [...lines.slice(0, 1), 'first\n', ...lines.slice(1, 19), 'last\n', ...lines.slice(19)];
  const diff = unifiedDiff(lines.join(''), after.join(''), 'a', 'b');
  expect(diff.filter((line) => line.startsWith('@@'))).toEqual(['@@ -1,4 +1,5 @@', '@@ -17,4 +18,5 @@']);
});

test('a missing line break at the end is marked', () => {
  expect(unifiedDiff('a', 'a\n', 'a', 'b')).toEqual([
    '--- a',
    '+++ b',
    '@@ -1,1 +1,1 @@',
    '-a\n\\ No newline at end of file',
    '+a',
  ]);
});

test('equal texts have no diff', () => {
  expect(unifiedDiff('a\n', 'a\n', 'a', 'b')).toEqual([]);
});

test('what is removed and added makes one text of the other, for any two texts', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', 'd', ''), { maxLength: 40 })
    .map((lines) => lines.map((line) => `${line}\n`).join(''));
  fc.assert(
    fc.property(text, text, (before, after) => {
      expect(patched(before, unifiedDiff(before, after, 'a', 'b'))).toBe(after);
    }),
  );
});

/** What patch(1) does. */
function patched(before: string, diff: readonly string[]): string {
  const source = before.split('\n').slice(0, -1);
  const result: string[] = [];
  let at = 0;
  for (const line of diff.slice(2)) {
    const header = /^@@ -(\d+),(\d+) /.exec(line);
    if (header !== null) {
      // A hunk without old lines names the line in front of it.
      const start = Number(header[1]) - (header[2] === '0' ? 0 : 1);
      result.push(...source.slice(at, start));
      at = start;
    } else if (line.startsWith('+')) {
      result.push(line.slice(1));
    } else {
      expect(source[at]).toBe(line.slice(1));
      if (line.startsWith(' ')) result.push(line.slice(1));
      at++;
    }
  }
  return [...result, ...source.slice(at)].map((line) => `${line}\n`).join('');
}
