import fc from 'fast-check';
import { expect, test } from 'vitest';
import { verbatimForKubelet } from '../../src/shell/kubelet-expansion.ts';
import { expandAsKubelet } from './support/kubelet.ts';

test.each([
  ['no dollar at all', 'no dollar at all'],
  ['$', '$'],
  ['costs 5$', 'costs 5$'],
  ['$HOME', '$HOME'],
  ['$(HOME)', '$$(HOME)'],
  ['$$', '$$$'],
  ['$$(HOME)', '$$$$(HOME)'],
  ['$(', '$$('],
  ['$é', '$$é'],
])('%s is written as %s', (text, written) => {
  expect(verbatimForKubelet(text)).toBe(written);
});

test('without it the kubelet would put its own words there', () => {
  const variables = new Map([['HOME', '/root']]);
  expect(expandAsKubelet('$(HOME) $$ $é', variables)).toBe('/root $ $Ã\ufffd');
  expect(expandAsKubelet(verbatimForKubelet('$(HOME) $$ $é'), variables)).toBe('$(HOME) $$ $é');
});

test('whatever the text, the container sees it as it was', () => {
  const pieces = fc.constantFrom('$', '$$', '$(', '(', ')', 'A', '$(A)', 'é', '漢', ' ', '\n', '"', '');
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.array(pieces, { maxLength: 12 }).map((list) => list.join('')),
  );
  fc.assert(
    fc.property(text, (value) => {
      expect(expandAsKubelet(verbatimForKubelet(value), new Map([['A', 'expanded']]))).toBe(value);
    }),
    { numRuns: 5000 },
  );
});
