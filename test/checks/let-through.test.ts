import { expect, test } from 'vitest';
import { renderPlan } from '../../src/injections/render-plan.ts';
import { isManaged } from '../../src/workload/read-settings.ts';
import { isObject } from '../../src/workload/json.ts';
import type { PostgresWorkload } from '../../src/workload/postgres-workload.ts';
import { checkFixtures, judge, workloadOf } from './check-fixture.ts';

/** The same object with a reason for each check that refused it. */
function withAllEscapes(workload: PostgresWorkload, denied: readonly string[]): PostgresWorkload {
  const { object } = workload;
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const escapes = Object.fromEntries(denied.map((check) => [`postgres.io/allow-${check}`, 'agreed']));
  return workloadOf({ ...object, metadata: { ...metadata, annotations: { ...workload.annotations, ...escapes } } });
}

const letThrough = checkFixtures().flatMap((fixture) => {
  const denied = judge(fixture).filter(({ severity }) => severity === 'deny');
  const after = withAllEscapes(
    fixture.after,
    denied.map(({ check }) => check),
  );
  const isRefused = judge({ ...fixture, after }).some(({ severity }) => severity === 'deny');
  return isRefused || !isManaged(after.labels) ? [] : [{ ...fixture, after }];
});

test('most fixtures are let through by escapes', () => {
  expect(letThrough.length).toBeGreaterThan(100);
});

test.each(letThrough)('what is let through can be injected into: $check $name', ({ after, before }) => {
  expect(after.server).toBeDefined();
  if (after.server?.family.treatment === 'left-alone') return;
  const { plan } = renderPlan(after, before === undefined ? 'CREATE' : 'UPDATE');
  expect(plan.server?.container).toBe(after.server?.name);
});
