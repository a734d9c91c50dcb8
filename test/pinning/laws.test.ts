import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stamp } from '../../src/pinning/stamp.ts';
import { strip } from '../../src/pinning/strip.ts';
import { uninject } from '../../src/pinning/uninject.ts';
import { applyPlan } from '../../src/plan/apply-plan.ts';
import { planHash } from '../../src/plan/content-hash.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { isObject } from '../../src/workload/json.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { injections, statefulSets, storedObject } from './arbitraries.ts';

const runs = { numRuns: 1500 };
const identity = { version: '0.1.0', inputs: '1-0123456789abcdef', before: undefined, requested: undefined };

/** With sorted keys: absent, null and empty are told apart, the order of keys is not. */
function text(object: JsonObject): string {
  return JSON.stringify(storedObject(object));
}

function planText(plan: Plan | undefined): string {
  return JSON.stringify(plan, (_, value: unknown) => (isObject(value) ? storedObject(value) : value));
}

describe('injecting and taking out', () => {
  test('strip(inject(x)) is x, after the apiserver had it too', () => {
    fc.assert(
      fc.property(injections, ({ object, plan }) => {
        const injected = stamp({ object, plan, hash: planHash(plan), ...identity });
        expect(text(strip(storedObject(injected)).object)).toBe(text(object));
        expect(text(uninject(injected, { isLive: false }).object)).toBe(text(object));
      }),
      runs,
    );
  });

  test('arguments that the user has written as the plan does stay theirs', () => {
    const none = { initContainers: [], volumes: [], claimTemplates: [], pod: { graceSeconds: undefined } };
    fc.assert(
      fc.property(injections, ({ object, plan }) => {
        const [startupProbe, readinessProbe, preStop] = [undefined, undefined, undefined];
        const rest = { env: [], replacedEnv: [], volumeMounts: [], ports: [], startupProbe, readinessProbe, preStop };
        const args = { ...none, server: plan.server && { ...plan.server, ...rest } };
        const own = applyPlan(object, args);
        const injected = stamp({ object: own, plan: args, hash: planHash(args), ...identity });
        expect(text(strip(storedObject(injected)).object)).toBe(text(own));
      }),
      runs,
    );
  });

  test('the plan is read back as it was, and has the hash that the template claims', () => {
    fc.assert(
      fc.property(injections, ({ object, plan }) => {
        const stripped = strip(storedObject(stamp({ object, plan, hash: planHash(plan), ...identity })));
        expect(planText(stripped.injected)).toBe(planText(plan));
        expect(stripped.injected === undefined ? '' : planHash(stripped.injected)).toBe(stripped.hash);
      }),
      runs,
    );
  });

  test('what was taken out and is put in again gives the same object', () => {
    fc.assert(
      fc.property(injections, ({ object, plan }) => {
        const before = storedObject(stamp({ object, plan, hash: planHash(plan), ...identity }));
        const stripped = strip(before);
        if (stripped.injected === undefined) throw new Error('nothing was found');
        const again = stamp({
          object: stripped.object,
          plan: stripped.injected,
          hash: stripped.hash ?? '',
          ...identity,
          before: stripped,
        });
        expect(text(again)).toBe(text(before));
      }),
      runs,
    );
  });

  test('applying twice gives what applying once gives, and the user’s object is not written to', () => {
    fc.assert(
      fc.property(injections, ({ object, plan }) => {
        const before = JSON.stringify(object);
        const once = applyPlan(object, plan);
        expect(text(applyPlan(once, plan))).toBe(text(once));
        expect(JSON.stringify(object)).toBe(before);
      }),
      runs,
    );
  });

  test('an object without a trace of ours comes back as the same reference', () => {
    fc.assert(
      fc.property(statefulSets, (object) => {
        const stripped = strip(object);
        expect(stripped.object).toBe(object);
        expect(stripped.injected).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });
});
