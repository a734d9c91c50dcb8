import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { Finding } from '../../src/checks/check.ts';
import { noPolicy } from '../../src/checks/policy.ts';
import type { CheckPolicy } from '../../src/checks/policy.ts';
import { isList, isObject, objectAt, objectsAt, textAt } from '../../src/workload/json.ts';
import type { Json, JsonObject } from '../../src/workload/json.ts';
import type { ClusterFacts } from '../../src/workload/cluster-facts.ts';
import { noFacts } from '../../src/workload/fact-table.ts';
import type { PostgresWorkload } from '../../src/workload/postgres-workload.ts';
import { checkFixtures, judge, workloadOf } from './check-fixture.ts';
import { canTakeSidecars, meshes } from './mesh-sidecars.ts';

/** What is none of the checks' business changes no verdict: what somebody else adds, and in which order things are written. */

type Edit = (object: JsonObject) => JsonObject;

function edited(workload: PostgresWorkload, edit: Edit): PostgresWorkload {
  return workloadOf(edit(workload.object));
}

function within(object: JsonObject, path: readonly string[], edit: (value: JsonObject) => JsonObject): JsonObject {
  const [key, ...rest] = path;
  if (key === undefined) return edit(object);
  // What holds another type, or is not there, is left as it is.
  return isObject(object[key]) ? { ...object, [key]: within(object[key], rest, edit) } : object;
}

const podPath = ['spec', 'template', 'spec'];

/** One finding for each line; the order in which things are written is the order in which they are found. */
function shown(findings: readonly Finding[]): readonly string[] {
  return findings.map((finding) => JSON.stringify(finding)).toSorted();
}

/** Messages that list containers list them in their order. */
function places(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ check, severity, field }) => `${severity} ${check} ${field}`).toSorted();
}

interface Case {
  readonly title: string;
  readonly after: PostgresWorkload;
  readonly before: PostgresWorkload | undefined;
  readonly facts: ClusterFacts;
  readonly policy: CheckPolicy;
}

const root = join(import.meta.dirname, '../..');

/** What careful engineers run, created and applied again. */
const safe: readonly Case[] = globSync(['examples/*.yaml', 'test/fixtures/injection/*/in.yaml'], { cwd: root })
  .toSorted()
  .flatMap((path) => {
    const set = parseAllDocuments(readFileSync(join(root, path), 'utf8'))
      .map((document) => document.toJS() as unknown)
      .filter(isObject)
      .find(({ kind }) => kind === 'StatefulSet');
    if (set === undefined) throw new Error(`${path} holds no StatefulSet`);
    const after = workloadOf(set);
    return [
      { title: `${path}, created`, after, before: undefined, facts: noFacts, policy: noPolicy },
      { title: `${path}, applied again`, after, before: after, facts: noFacts, policy: noPolicy },
    ];
  });

const cases: readonly Case[] = [
  ...checkFixtures().map((fixture) => ({ ...fixture, title: `${fixture.check}: ${fixture.name}` })),
  ...safe,
];

/** Images that are found by being the only one: with a second container they are not. */
function isFoundAsOnlyOne({ detection }: PostgresWorkload): boolean {
  return detection.kind === 'found' && detection.because.every((sign) => sign === 'only-container');
}

function podOf(object: JsonObject): JsonObject {
  return objectAt(objectAt(objectAt(object, 'spec'), 'template'), 'spec');
}

describe.each(cases)('$title', ({ title, after, before, facts, policy }) => {
  const verdict = shown(judge({ after, before, facts, policy }));

  test('an unrelated field', () => {
    const add: Edit = (object) =>
      [
        ['metadata', 'labels'],
        ['metadata', 'annotations'],
        ['spec', 'template', 'metadata', 'labels'],
        ['spec', 'template', 'metadata', 'annotations'],
        ['spec'],
        podPath,
      ].reduce<JsonObject>(
        (changed, path) => within(changed, path, (value) => ({ ...value, 'example.org/team': 'payments' })),
        object,
      );
    expect(shown(judge({ after: edited(after, add), before, facts, policy }))).toEqual(verdict);
    expect(shown(judge({ after: edited(after, add), before: before && edited(before, add), facts, policy }))).toEqual(
      verdict,
    );
  });

  test('an unrelated field in any container, mount, port, probe and claim template', () => {
    const add: Edit = (object) =>
      within(object, ['spec'], (spec) => ({
        ...spec,
        ...('volumeClaimTemplates' in spec ? { volumeClaimTemplates: withUnknown(spec['volumeClaimTemplates']) } : {}),
        ...(isObject(spec['template'])
          ? { template: within(spec['template'], ['spec'], (pod) => withUnknownInContainers(pod)) }
          : {}),
      }));
    expect(shown(judge({ after: edited(after, add), before: before && edited(before, add), facts, policy }))).toEqual(
      verdict,
    );
  });

  test('keys in another order', () => {
    const reverse: Edit = (object) => reversedKeys(object) as JsonObject;
    expect(shown(judge({ after: edited(after, reverse), before, facts, policy }))).toEqual(verdict);
  });

  test('containers, variables, mounts, volumes and ports in another order', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat()), (numbers) => {
        const next = (): number => numbers.next().value as number;
        const shuffle: Edit = (object) => within(object, podPath, (pod) => shuffledPod(pod, next));
        expect(places(judge({ after: edited(after, shuffle), before, facts, policy }))).toEqual(
          places(judge({ after, before, facts, policy })),
        );
      }),
      { numRuns: 3 },
    );
  });

  // Where the container is found because it is the only one, a second one is a question to the user; and of these two checks one asks whether
  // it is alone, the other counts what all containers of the pod ask for.
  if (/^(server-not-restarted|limit-range-defaults): /.test(title)) return;
  if (after.detection.kind !== 'found' || isFoundAsOnlyOne(after) || !canTakeSidecars(podOf(after.object))) return;
  test.each(meshes)('a sidecar of $title', ({ into }) => {
    const mesh: Edit = (object) => within(object, podPath, into);
    expect(shown(judge({ after: edited(after, mesh), before, facts, policy }))).toEqual(verdict);
    expect(shown(judge({ after: edited(after, mesh), before: before && edited(before, mesh), facts, policy }))).toEqual(
      verdict,
    );
  });
});

const unknown = { 'x-unrelated': { on: true } };

/** Every map of a list, and the maps in it that are no free text (labels, limits …). */
function withUnknown(list: Json | undefined): Json {
  return isList(list) ? list.map((item) => (isObject(item) ? { ...item, ...unknown } : item)) : (list ?? null);
}

function withUnknownInContainers(pod: JsonObject): JsonObject {
  const lists = ['containers', 'initContainers'].filter((key) => key in pod);
  return lists.reduce<JsonObject>((changed, list) => {
    const containers = withUnknown(pod[list]);
    if (!isList(containers)) return changed;
    return { ...changed, [list]: containers.map((one) => (isObject(one) ? inside(one) : one)) };
  }, pod);
}

function inside(container: JsonObject): JsonObject {
  const lists = ['env', 'ports', 'volumeMounts'].filter((key) => isList(container[key]));
  const maps = ['livenessProbe', 'readinessProbe', 'startupProbe', 'securityContext', 'resources', 'lifecycle'].filter(
    (key) => isObject(container[key]),
  );
  return {
    ...container,
    ...Object.fromEntries(lists.map((key) => [key, withUnknown(container[key])])),
    ...Object.fromEntries(maps.map((key) => [key, { ...objectAt(container, key), ...unknown }])),
  };
}

function reversedKeys(value: Json): Json {
  if (isList(value)) return value.map(reversedKeys);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, reversedKeys(inner ?? null)]),
  );
}

function shuffledPod(pod: JsonObject, next: () => number): JsonObject {
  const containers = shuffled(pod['containers'], next);
  return {
    ...pod,
    ...('volumes' in pod ? { volumes: shuffled(pod['volumes'], next) } : {}),
    ...(containers === undefined
      ? {}
      : {
          containers: isList(containers)
            ? containers.map((container) => shuffledContainer(container, next))
            : containers,
        }),
  };
}

function shuffledContainer(container: Json, next: () => number): Json {
  if (!isObject(container)) return container;
  const lists = ['volumeMounts', 'ports', ...(isOrderOfVariablesFree(container) ? ['env'] : [])];
  return lists.reduce<JsonObject>(
    (changed, key) => (key in changed ? { ...changed, [key]: shuffled(changed[key], next) } : changed),
    container,
  );
}

/** Of two of one name the later one counts, and `$(NAME)` reaches back only. */
function isOrderOfVariablesFree(container: JsonObject): boolean {
  const variables = objectsAt(container, 'env');
  const names = new Set(variables.map((variable) => textAt(variable, 'name')));
  return names.size === variables.length && !variables.some((variable) => textAt(variable, 'value')?.includes('$('));
}

function shuffled(value: Json | undefined, next: () => number): Json | undefined {
  if (!isList(value)) return value;
  return value
    .map((item) => ({ item, rank: next() }))
    .toSorted((left, right) => left.rank - right.rank)
    .map(({ item }) => item);
}

test('the edits reach the objects', () => {
  const [first] = cases;
  const pod = podOf(first?.after.object ?? {});
  const names = (list: string, changed: JsonObject): readonly (string | undefined)[] =>
    objectsAt(changed, list).map((container) => textAt(container, 'name'));
  for (const { into } of meshes) {
    const all = [...names('containers', into(pod)), ...names('initContainers', into(pod))];
    expect(all).toEqual(expect.arrayContaining([expect.stringMatching(/^(istio|linkerd)-proxy$/)]));
  }
  expect(JSON.stringify(withUnknownInContainers(pod)).match(/x-unrelated/g)?.length).toBeGreaterThan(3);
  const orders = new Set<string>();
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat()), (numbers) => {
      const [production] = safe.filter(({ title }) => title.includes('examples/production'));
      orders.add(
        JSON.stringify(shuffledPod(podOf(production?.after.object ?? {}), () => numbers.next().value as number)),
      );
    }),
    { numRuns: 10 },
  );
  expect(orders.size).toBeGreaterThan(3);
});
