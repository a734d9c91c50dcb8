import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { managedLabelName } from '../../src/workload/read-settings.ts';
import { asked, literal, prefixed, stored } from './rule.ts';
import type { Rule } from './rule.ts';
import { rules } from './rules.ts';
import { frame, variablesOf } from './variables.ts';

/**
 * Writes manifests/base/validating-admission-policy.yaml, and its twin in manifests/static, from src/checks and the rules beside this file: `node
 * scripts/write-policy/policy.ts`, without arguments, from anywhere. test/checks/policy-manifest.test.ts fails while they differ.
 */

export const policyPath = fileURLToPath(
  new URL('../../manifests/base/validating-admission-policy.yaml', import.meta.url),
);

export const staticPolicyPath = fileURLToPath(
  new URL('../../manifests/static/validating-admission-policy.yaml', import.meta.url),
);

/** The whole of the manifest. */
export function policyManifest(): string {
  return `${introduction}${documents('pgusher')}`;
}

/** The same for the apiserver's own disk, where its name has to end so (kubernetes, KEP-5793). */
export function staticPolicyManifest(): string {
  return `${staticIntroduction}${documents('pgusher.static.k8s.io')}`;
}

function documents(name: string): string {
  return [policy(name), binding(name)].map((object) => stringify(object, { lineWidth: 0 })).join('---\n');
}

const introduction = `# Written by scripts/write-policy/policy.ts from src/checks and scripts/write-policy/rules.
# The twin of the core denials, evaluated by the apiserver itself: it holds while our pods are down, also under the
# fail-open profile. It says less than the webhook does, never more; same ids, same escapes (docs/checks.md).
# The cluster config file cannot be read here: where it turns a check off, exempts a set or gives a replication-secret,
# take the validation out with a patch.
`;

const staticIntroduction = `# Written by scripts/write-policy/policy.ts from src/checks and scripts/write-policy/rules.
# manifests/base/validating-admission-policy.yaml for Kubernetes 1.37 and later, as a file that kube-apiserver reads from its own disk: it
# holds from the apiserver's first request on, without webhook and etcd, and nobody can delete it through the API. Not for kubectl apply;
# docs/install.md says where it goes.
`;

function policy(name: string): object {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      // An object of a megabyte may cost more than the apiserver gives an expression: then that validation alone is passed over.
      failurePolicy: 'Ignore',
      matchConstraints: {
        resourceRules: [
          { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['statefulsets'] },
        ],
        // The old object's label matches too.
        objectSelector: { matchLabels: { [managedLabelName]: 'true' } },
        namespaceSelector: {
          matchExpressions: [
            { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system', 'pgusher-system'] },
          ],
        },
      },
      matchConditions: [{ name: 'not-being-deleted', expression: '!has(object.metadata.deletionTimestamp)' }],
      variables: variables().map(([variable, expression]) => ({ name: variable, expression })),
      validations: rules.map((rule) => ({
        expression: expressionOf(rule),
        message: messageOf(rule),
        reason: 'Forbidden',
      })),
    },
  };
}

function binding(name: string): object {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: { policyName: name, validationActions: ['Deny'] },
  };
}

/** Each may use those before it. */
function variables(): readonly (readonly [string, string])[] {
  const { annotations, ...others } = variablesOf(asked);
  const seen = rules.flatMap((rule) =>
    rule.kind === 'change'
      ? []
      : [[seenName(rule), rule.seen(asked)] as const, [prefixed('old', seenName(rule)), rule.seen(stored)] as const],
  );
  const old = Object.entries(variablesOf(stored)).map(([key, value]) => [prefixed('old', key), value] as const);
  return [['annotations', annotations], ...Object.entries(frame), ...Object.entries(others), ...old, ...seen];
}

function expressionOf(rule: Rule): string {
  const escapes = escapesOf(rule).map((id) => `${literal(`postgres.io/allow-${id}`)} in variables.escapes`);
  if (rule.kind === 'change') return [...escapes, `!(${rule.refused})`].join(' ||\n');
  const [seen, before] = [seenName(rule), prefixed('old', seenName(rule))];
  return [
    '!variables.isManaged',
    ...escapes,
    `variables.${seen}.all(s, variables.wasManaged && s in variables.${before})`,
  ].join(' ||\n');
}

function escapesOf(rule: Rule): readonly string[] {
  const own = rule.check.noEscape === undefined ? [rule.check.id] : [];
  return rule.kind === 'state' ? [...own, ...(rule.alsoEscapedBy ?? [])] : own;
}

/** One line, as the apiserver wants it. */
function messageOf({ check: { id, summary, instead, noEscape } }: Rule): string {
  const escape = `postgres.io/allow-${id}`;
  const isSaid = noEscape !== undefined || instead.includes(escape);
  return `${id}: ${summary} Wanted: ${instead}${isSaid ? '' : ` Or let it pass: ${escape}: "<reason>".`}`;
}

/** `pgdata-emptydir` → `pgdataEmptydirSeen`. */
function seenName({ check }: Rule): string {
  return `${check.id.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())}Seen`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(policyPath, policyManifest());
  mkdirSync(dirname(staticPolicyPath), { recursive: true });
  writeFileSync(staticPolicyPath, staticPolicyManifest());
}
