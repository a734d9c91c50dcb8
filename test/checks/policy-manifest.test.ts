import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { policyManifest, policyPath } from '../../scripts/write-policy/policy.ts';
import { rules } from '../../scripts/write-policy/rules.ts';
import { checkIds } from '../../src/checks/registry.ts';

/** Equal verdicts are tested against a real apiserver: test/apiserver/policy-agreement.test.ts. */

test('the policy is what checks and rules say (node scripts/write-policy/policy.ts writes it)', () => {
  expect(readFileSync(policyPath, 'utf8')).toBe(policyManifest());
});

test('each rule is the twin of a check, but for the one about what is injected', () => {
  const others = rules.map(({ check }) => check.id).filter((id) => !checkIds.includes(id));
  expect(others).toEqual(['injection-missing']);
});

test('an escape that a rule borrows is one of a check', () => {
  const borrowed = rules.flatMap((rule) => (rule.kind === 'state' ? (rule.alsoEscapedBy ?? []) : []));
  expect(borrowed.filter((id) => !checkIds.includes(id))).toEqual([]);
});
