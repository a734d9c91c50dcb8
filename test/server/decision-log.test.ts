import { describe, expect, test } from 'vitest';
import { answerReview } from '../../src/admission/handler.ts';
import { DecisionLog } from '../../src/server/decision-log.ts';
import { managedSet, plainContext, reviewOf } from '../support/review.ts';
import type { ReviewParts, StatefulSetParts } from '../support/review.ts';

const noon = Date.parse('2026-11-29T12:00:00Z');

function add(log: DecisionLog, parts: StatefulSetParts, minutesAgo: number, review: ReviewParts = {}): void {
  const answer = answerReview(
    'mutate',
    JSON.stringify(reviewOf({ object: managedSet(parts), ...review })),
    plainContext,
  );
  if (answer.kind !== 'reviewed') throw new Error(answer.line);
  log.add('mutate', answer.request, answer.verdict, new Date(noon - minutesAgo * 60_000));
}

describe('what was decided', () => {
  test('the newest first, counted by decision and by check, for an hour', () => {
    const log = new DecisionLog();
    add(log, {}, 61);
    add(log, { image: 'postgres:latest' }, 30);
    add(log, {}, 10);
    add(log, { image: 'postgres:latest' }, 5);
    const { since, newest, byDecision, byCheck } = log.lastHour(new Date(noon));
    expect(since.toISOString()).toBe('2026-11-29T11:00:00.000Z');
    expect(newest.map(({ decision }) => decision)).toEqual(['denied', 'rendered', 'denied']);
    expect(newest[0]).toMatchObject({ webhook: 'mutate', operation: 'CREATE', namespace: 'shop', name: 'orders' });
    expect(newest[0]?.checks).toContain('image-latest');
    expect(byDecision).toEqual([
      { name: 'denied', count: 2 },
      { name: 'rendered', count: 1 },
    ]);
    expect(byCheck).toContainEqual({ name: 'image-latest', count: 2 });
  });

  test('sets that nobody labelled are not kept', () => {
    const log = new DecisionLog();
    add(log, { labels: {} }, 1);
    expect(log.lastHour(new Date(noon)).byDecision).toEqual([]);
  });

  test('of more than is kept the oldest go, and it says since when there are all', () => {
    const log = new DecisionLog();
    for (let index = 0; index < 2500; index += 1) add(log, {}, 50 - index / 100);
    const { since, newest, byDecision } = log.lastHour(new Date(noon));
    expect(byDecision).toEqual([{ name: 'rendered', count: 2000 }]);
    expect(since.getTime()).toBe(noon - (50 - 500 / 100) * 60_000);
    expect(newest).toHaveLength(100);
    expect(newest[0]?.at.getTime()).toBe(noon - (50 - 2499 / 100) * 60_000);
  });

  test('a long name does not fill the memory', () => {
    const log = new DecisionLog();
    add(log, {}, 1, { request: { name: 'x'.repeat(100_000) } });
    expect(log.lastHour(new Date(noon)).newest[0]?.name.length).toBeLessThanOrEqual(253);
  });
});
