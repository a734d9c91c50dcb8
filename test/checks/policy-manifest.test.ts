import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import {
  policyManifest,
  policyPath,
  staticPolicyManifest,
  staticPolicyPath,
} from '../../scripts/write-policy/policy.ts';
import { rules } from '../../scripts/write-policy/rules.ts';
import { checkIds } from '../../src/checks/registry.ts';

/** Equal verdicts are tested against a real apiserver: test/apiserver/policy-agreement.test.ts. */

test('the policy is what checks and rules say (node scripts/write-policy/policy.ts writes it)', () => {
  expect(readFileSync(policyPath, 'utf8')).toBe(policyManifest());
});

test('the static manifest says the same, under names that a kube-apiserver takes from its disk', () => {
  const text = readFileSync(staticPolicyPath, 'utf8');
  expect(text).toBe(staticPolicyManifest());
  const [policy, binding] = parseAllDocuments(text).map((document) => document.toJS() as Named);
  const [own] = parseAllDocuments(policyManifest()).map((document) => document.toJS() as Named);
  expect(policy?.spec).toEqual(own?.spec);
  expect([policy?.metadata.name, binding?.metadata.name, binding?.spec.policyName]).toEqual(
    Array.from({ length: 3 }, () => 'pgusher.static.k8s.io'),
  );
});

interface Named {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly policyName?: string };
}

test('each rule is the twin of a check, but for the one about what is injected', () => {
  const others = rules.map(({ check }) => check.id).filter((id) => !checkIds.includes(id));
  expect(others).toEqual(['injection-missing']);
});

test('an escape that a rule borrows is one of a check', () => {
  const borrowed = rules.flatMap((rule) => (rule.kind === 'state' ? (rule.alsoEscapedBy ?? []) : []));
  expect(borrowed.filter((id) => !checkIds.includes(id))).toEqual([]);
});
