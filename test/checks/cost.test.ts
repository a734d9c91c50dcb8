import { expect, test } from 'vitest';
import { checkCost } from '../../bench/admission/check-cost.ts';
import { noPolicy } from '../../src/checks/policy.ts';
import { runChecks } from '../../src/checks/run-checks.ts';
import { objectAt, objectsAt } from '../../src/workload/json.ts';
import { managedSet } from '../support/review.ts';
import { noFacts } from '../../src/workload/fact-table.ts';
import { patience } from '../../scripts/cluster/patience.ts';
import { workloadOf } from './check-fixture.ts';

/** The least of many short rounds: a busy machine makes a round slower, and none faster. One that is shared has more patience (docs/testing.md). */
test('all checks together take no more than 0.3 ms for a typical object', () => {
  const { typical, update } = checkCost(50, 40);
  const limit = 300 * patience;
  expect(typical).toBeLessThan(limit);
  expect(update).toBeLessThan(limit);
});

/** What each container and each variable of it adds is the same in a pod of ten times as many. */
test('the cost grows with the object, and no faster', () => {
  // Ten times; a hundred times where each were compared with each.
  expect(milliseconds(400) / milliseconds(40)).toBeLessThan(40);
});

/** For a pod with so many containers beside the server. */
function milliseconds(containers: number): number {
  const extra = Array.from({ length: containers }, (_, index) => ({
    name: `extra-${index}`,
    image: 'registry.example/extra:1',
    env: Array.from({ length: 20 }, (__, variable) => ({
      name: `V${variable}`,
      value: `https://example.org/${index}`,
    })),
    ports: [{ containerPort: 9000 + index }],
  }));
  const set = managedSet();
  const pod = objectAt(objectAt(objectAt(set, 'spec'), 'template'), 'spec');
  const template = { spec: { ...pod, containers: [...objectsAt(pod, 'containers'), ...extra] } };
  const after = workloadOf({ ...set, spec: { ...objectAt(set, 'spec'), template } });
  const rounds = Array.from({ length: 40 }, () => {
    const start = performance.now();
    runChecks({ after, policy: noPolicy, facts: noFacts, today: '2026-11-21' });
    return performance.now() - start;
  });
  return Math.min(...rounds);
}
