import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import type { Finding, Surroundings } from '../../src/checks/check.ts';
import { managedLabelFindings } from '../../src/checks/settings/managed-label-value.ts';
import { parseConfiguration, problemText } from '../../src/config.ts';
import { noPolicy } from '../../src/checks/policy.ts';
import type { CheckPolicy } from '../../src/checks/policy.ts';
import type { Deletion } from '../../src/checks/deletion/deletion.ts';
import { runDeletionChecks } from '../../src/checks/run-deletion-checks.ts';
import { runChecks, runReleaseChecks } from '../../src/checks/run-checks.ts';
import { catalogue } from '../../src/checks/registry.ts';
import { renderPlan } from '../../src/injections/render-plan.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { ClusterFacts } from '../../src/workload/cluster-facts.ts';
import { factTables, noFacts } from '../../src/workload/fact-table.ts';
import { factKinds, factSources } from '../../src/workload/read-facts.ts';
import { isObject, objectAt, textAt } from '../../src/workload/json.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import type { PostgresWorkload } from '../../src/workload/postgres-workload.ts';
import { readPostgresWorkload } from '../../src/workload/read-postgres-workload.ts';
import { isManaged, readSettings } from '../../src/workload/read-settings.ts';

/** Of a set that is created in a cluster that says nothing, for a test that asks one check. */
export const onCreation: Surroundings = {
  operation: 'CREATE',
  injected: undefined,
  catalogue,
  facts: noFacts,
  allowedStorageClasses: undefined,
};

/**
 * `test/fixtures/checks/<check>/<name>.yaml`, with the object before the change in `<name>.before.yaml` and other objects in
 * `<name>.cluster.yaml`, and the cluster config file in `<name>.config.yaml`. With `<name>.delete.yaml` it is the deletion of the object: DeleteOptions, as kubectl sends them.
 */
export interface CheckFixture {
  readonly check: string;
  readonly name: string;
  readonly folder: string;
  readonly after: PostgresWorkload;
  readonly before: PostgresWorkload | undefined;
  /** What else there is, from `<name>.cluster.yaml`: all objects of the kinds in it. */
  readonly facts: ClusterFacts;
  readonly policy: CheckPolicy;
}

const root = join(import.meta.dirname, '../fixtures/checks');

export function fixtureFolders(): readonly string[] {
  return readdirSync(root).toSorted();
}

export function fixtureFiles(check: string): readonly string[] {
  return readdirSync(join(root, check)).toSorted();
}

export function fixtureText(check: string, file: string): string {
  return readFileSync(join(root, check, file), 'utf8');
}

/** Objects that are created or changed. */
export function checkFixtures(): readonly CheckFixture[] {
  return fixtureNames()
    .filter(({ deletes }) => !deletes)
    .map(({ check, name }) => readFixture(check, name));
}

/** Objects that are deleted. */
export function deletionFixtures(): readonly DeletionFixture[] {
  return fixtureNames()
    .filter(({ deletes }) => deletes)
    .map(({ check, name }) => readDeletionFixture(check, name));
}

function fixtureNames() {
  return fixtureFolders().flatMap((check) => {
    const files = fixtureFiles(check);
    return files
      .filter((file) => /^[^.]+\.yaml$/.test(file))
      .map((file) => file.replace('.yaml', ''))
      .map((name) => ({ check, name, deletes: files.includes(`${name}.delete.yaml`) }));
  });
}

export interface DeletionFixture extends Pick<CheckFixture, 'check' | 'name' | 'folder' | 'facts'> {
  readonly deletion: Deletion;
}

/** A Namespace in `<name>.cluster.yaml` may be one that is being deleted. */
function readDeletionFixture(check: string, name: string): DeletionFixture {
  const folder = join(root, check);
  const object: unknown = parse(fixtureText(check, `${name}.yaml`));
  const options: unknown = parse(fixtureText(check, `${name}.delete.yaml`));
  if (!isObject(object) || !isObject(options)) throw new Error('the fixture is no YAML mapping');
  const around = existsSync(join(folder, `${name}.cluster.yaml`)) ? fixtureText(check, `${name}.cluster.yaml`) : '';
  const metadata = objectAt(object, 'metadata');
  const workload = workloadOf(object);
  const deleted = {
    namespace: workload.namespace,
    name: textAt(metadata, 'name') ?? '',
    escapes: workload.settings.escapes,
    namespaceIsEnding: around.includes('deletionTimestamp'),
  };
  const deletion: Deletion =
    textAt(object, 'kind') === 'StatefulSet'
      ? { kind: 'set', ...deleted, workload, orphans: options['propagationPolicy'] === 'Orphan' }
      : { kind: 'claim', ...deleted };
  return { check, name, folder, facts: around === '' ? noFacts : factsFrom(around), deletion };
}

/** What /validate asks of the checks about a deletion. */
export function judgeDeletion(
  { deletion, facts }: Pick<DeletionFixture, 'deletion' | 'facts'>,
  policy: CheckPolicy = noPolicy,
  today = '2026-11-21',
): readonly Finding[] {
  return runDeletionChecks({ deletion, facts, policy, today });
}

export function readFixture(check: string, name: string): CheckFixture {
  const folder = join(root, check);
  const earlier = `${name}.before.yaml`;
  const around = `${name}.cluster.yaml`;
  const configuration = `${name}.config.yaml`;
  return {
    check,
    name,
    folder,
    after: workloadFrom(fixtureText(check, `${name}.yaml`)),
    before: existsSync(join(folder, earlier)) ? workloadFrom(fixtureText(check, earlier)) : undefined,
    facts: existsSync(join(folder, around)) ? factsFrom(fixtureText(check, around)) : noFacts,
    policy: existsSync(join(folder, configuration)) ? policyFrom(fixtureText(check, configuration)) : noPolicy,
  };
}

function policyFrom(yaml: string): CheckPolicy {
  const parsed = parseConfiguration(yaml);
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.map(problemText).join('; '));
  return parsed.configuration.policy;
}

/** An empty `…List` says that there is none of the kind. */
export function factsFrom(yaml: string): ClusterFacts {
  const tables = factTables('not-asked');
  for (const document of parseAllDocuments(yaml)) {
    const object: unknown = document.toJS();
    if (!isObject(object)) throw new Error('a document of the cluster is no YAML mapping');
    const written = textAt(object, 'kind') ?? '';
    if (written === 'Namespace') continue;
    if (written === 'ConfigMap' || written === 'PersistentVolume') {
      tables[written === 'ConfigMap' ? 'configMaps' : 'persistentVolumes'].put(object);
      continue;
    }
    const kind = factKinds.find((one) => written.replace(/List$/, '') === factSources[one].kind);
    if (kind === undefined) throw new Error(`${written} is no kind that is looked up`);
    tables[kind].setGap(undefined);
    if (!written.endsWith('List')) tables[kind].put(object);
  }
  return tables;
}

export function workloadFrom(yaml: string): PostgresWorkload {
  const object: unknown = parse(yaml);
  if (!isObject(object)) throw new Error('the fixture is no YAML mapping');
  return workloadOf(object);
}

export function workloadOf(object: JsonObject): PostgresWorkload {
  const namespace = objectAt(object, 'metadata')['namespace'];
  const bare = readPostgresWorkload(object, readSettings({ statefulset: {} }), '');
  return readPostgresWorkload(
    object,
    readSettings({ statefulset: bare.annotations }),
    typeof namespace === 'string' ? namespace : '',
  );
}

/** What the two webhooks ask of the checks, with the plan that was injected into the earlier object. */
export function judge(
  {
    after,
    before,
    facts = noFacts,
    policy: ownPolicy = noPolicy,
  }: Pick<CheckFixture, 'after' | 'before'> & Partial<Pick<CheckFixture, 'facts' | 'policy'>>,
  policy: CheckPolicy = ownPolicy,
  today = '2026-11-21',
): readonly Finding[] {
  const managedBefore = before !== undefined && isManaged(before.labels) ? before : undefined;
  const input = {
    after,
    before: managedBefore,
    operation: before === undefined ? ('CREATE' as const) : ('UPDATE' as const),
    injected: managedBefore === undefined ? undefined : injectedInto(managedBefore),
    policy,
    facts,
    today,
  };
  if (isManaged(after.labels)) return runChecks(input);
  const labels = objectAt(objectAt(after.object, 'metadata'), 'labels');
  return managedBefore === undefined ? managedLabelFindings(labels) : runReleaseChecks(input);
}

/** A manifest without a namespace is in one when it is rendered. */
function injectedInto(workload: PostgresWorkload): Plan | undefined {
  if (workload.server?.family.treatment !== 'managed') return undefined;
  return renderPlan({ ...workload, namespace: workload.namespace || 'default' }, 'CREATE').plan;
}
