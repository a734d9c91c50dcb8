import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/checks/check.ts';
import { isList, isObject, objectAt, objectsAt, textAt } from '../../src/workload/json.ts';
import type { Json, JsonObject } from '../../src/workload/json.ts';
import type { PostgresWorkload } from '../../src/workload/postgres-workload.ts';
import { checkFixtures, judge, workloadOf } from './check-fixture.ts';

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

const fixtures = checkFixtures();

/** Images that are found by being the only one: with a second container they are not. */
function isFoundAsOnlyOne({ detection }: PostgresWorkload): boolean {
  return detection.kind === 'found' && detection.because.every((sign) => sign === 'only-container');
}

describe.each(fixtures)('$check: $name', ({ after, before, facts }) => {
  const verdict = shown(judge({ after, before, facts }));

  test('an unrelated field', () => {
    const add: Edit = (object) =>
      [
        ['metadata', 'labels'],
        ['metadata', 'annotations'],
        ['spec', 'template', 'metadata', 'labels'],
        ['spec'],
        podPath,
      ].reduce<JsonObject>(
        (changed, path) => within(changed, path, (value) => ({ ...value, 'example.org/team': 'payments' })),
        object,
      );
    expect(shown(judge({ after: edited(after, add), before, facts }))).toEqual(verdict);
    expect(shown(judge({ after: edited(after, add), before: before && edited(before, add), facts }))).toEqual(verdict);
  });

  test('containers, variables, mounts, volumes and ports in another order', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat()), (numbers) => {
        const next = (): number => numbers.next().value as number;
        const shuffle: Edit = (object) => within(object, podPath, (pod) => shuffledPod(pod, next));
        expect(places(judge({ after: edited(after, shuffle), before, facts }))).toEqual(
          places(judge({ after, before, facts })),
        );
      }),
      { numRuns: 3 },
    );
  });

  // Where the container is found because it is the only one, a second one is a question to the user.
  if (after.detection.kind !== 'found' || isFoundAsOnlyOne(after)) return;
  test('a sidecar of a mesh', () => {
    const mesh: Edit = (object) => within(object, podPath, withMesh);
    expect(shown(judge({ after: edited(after, mesh), before, facts }))).toEqual(verdict);
    expect(shown(judge({ after: edited(after, mesh), before: before && edited(before, mesh), facts }))).toEqual(
      verdict,
    );
  });
});

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

/** What Istio's injector adds to a pod: an init container that changes its network, a proxy that has ports and probes. */
function withMesh(pod: JsonObject): JsonObject {
  const image = 'docker.io/istio/proxyv2:1.27.1';
  const proxy = {
    name: 'istio-proxy',
    image,
    args: ['proxy', 'sidecar', '--domain', '$(POD_NAMESPACE).svc.cluster.local'],
    ports: [{ containerPort: 15090, name: 'http-envoy-prom', protocol: 'TCP' }],
    env: [{ name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } }],
    readinessProbe: { httpGet: { path: '/healthz/ready', port: 15021 } },
    lifecycle: { preStop: { exec: { command: ['pilot-agent', 'wait'] } } },
    securityContext: { readOnlyRootFilesystem: true, runAsUser: 1337 },
    volumeMounts: [{ name: 'istio-envoy', mountPath: '/etc/istio/proxy' }],
  };
  const init = { name: 'istio-init', image, securityContext: { capabilities: { add: ['NET_ADMIN'] }, runAsUser: 0 } };
  return {
    ...pod,
    initContainers: [...objectsAt(pod, 'initContainers'), init],
    containers: [...objectsAt(pod, 'containers'), proxy],
    volumes: [...objectsAt(pod, 'volumes'), { name: 'istio-envoy', emptyDir: { medium: 'Memory' } }],
  };
}

test('the edits reach the objects', () => {
  const [first] = fixtures;
  const pod = objectAt(objectAt(objectAt(first?.after.object, 'spec'), 'template'), 'spec');
  expect(objectsAt(withMesh(pod), 'containers').map((container) => container['name'])).toContain('istio-proxy');
});
