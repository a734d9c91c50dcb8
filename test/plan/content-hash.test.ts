import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalText } from '../../src/plan/canonical-text.ts';
import { contentHash, planHash } from '../../src/plan/content-hash.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { sameJson } from '../../src/plan/same-json.ts';
import type { Json } from '../../src/workload/json.ts';
import { stored } from '../pinning/arbitraries.ts';

const text = fc.constantFrom('', 'a', '1"a', '{', '#1', 'null', '0"');
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.constantFrom<Json>(null, true, false, 0, 1, -1, 0.5),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(text, tie('json'), { maxKeys: 3 }),
  ),
}));

describe('canonicalText', () => {
  test('does not depend on the order of keys', () => {
    fc.assert(fc.property(json, (value) => canonicalText(stored(value)) === canonicalText(value)));
  });

  test('is the same for equal values and for no others', () => {
    fc.assert(
      fc.property(json, json, (a, b) => (canonicalText(a) === canonicalText(b)) === sameJson(a, b)),
      { numRuns: 3000 },
    );
  });

  test('leaves out what is undefined and tells a raw number from its text', () => {
    expect(canonicalText({ a: undefined, b: 1 })).toBe(canonicalText({ b: 1 }));
    expect(canonicalText(JSON.rawJSON('12345678901234567890'))).not.toBe(canonicalText('12345678901234567890'));
  });
});

describe('planHash', () => {
  const plan: Plan = {
    initContainers: [{ name: 'pgusher-backup', image: 'a' }],
    volumes: [{ name: 'pgusher', emptyDir: {} }],
    claimTemplates: [{ metadata: { name: 'pgusher-backup' } }],
    server: {
      container: 'postgres',
      env: [],
      replacedEnv: [{ name: 'PGDATA', value: '/data/pgdata', was: '/data' }],
      volumeMounts: [],
      args: [],
      ports: [],
      startupProbe: undefined,
      readinessProbe: undefined,
      preStop: undefined,
    },
    pod: { graceSeconds: 300 },
  };

  test('stays what it is from version to version: a template that is stored has it', () => {
    expect(planHash(plan)).toBe('817468f329168e28');
    expect(contentHash({})).toMatch(/^[0-9a-f]{16}$/);
  });

  test('changes with what a pod gets, and with nothing else', () => {
    const { server } = plan;
    if (server === undefined) throw new Error('the plan changes the server');
    expect(planHash({ ...plan, claimTemplates: [] })).toBe(planHash(plan));
    expect(
      planHash({ ...plan, server: { ...server, replacedEnv: [{ name: 'PGDATA', value: '/data/pgdata', was: '/x' }] } }),
    ).toBe(planHash(plan));
    expect(planHash({ ...plan, pod: { graceSeconds: 301 } })).not.toBe(planHash(plan));
    expect(planHash({ ...plan, server: { ...server, args: ['-c', 'a=1'] } })).not.toBe(planHash(plan));
    expect(planHash({ ...plan, server: undefined })).not.toBe(planHash(plan));
  });
});
