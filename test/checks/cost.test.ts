import { expect, test } from 'vitest';
import { checkCost } from '../../bench/admission/check-cost.ts';

/** The least of several rounds: a busy machine makes a round slower, and none faster. */
test('all checks together take no more than 0.3 ms for a typical object', () => {
  const { typical } = checkCost(50, 100);
  expect(typical).toBeLessThan(300);
});
