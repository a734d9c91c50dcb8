import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Check } from '../../src/checks/check.ts';
import { checks } from '../../src/checks/registry.ts';
import type { ClusterFacts } from '../../src/workload/cluster-facts.ts';
import { isList, isObject, objectAt, objectsAt, textAt } from '../../src/workload/json.ts';
import type { Json, JsonObject } from '../../src/workload/json.ts';
import { checkFixtures, factsFrom, fixtureFiles, fixtureText, judge, workloadOf } from './check-fixture.ts';
import type { CheckFixture } from './check-fixture.ts';

/** What stands below a message to be pasted is pasted where its first key belongs, and the check has nothing more to say. */

const withPaste = checks.filter((check: Check) => check.paste !== undefined);

/** What a reader puts in the place of `<…>`. */
const placeholders: Readonly<Record<string, string>> = {
  '<name of the mount>': 'data',
  '<size>': '10Gi',
  '<secret>': 'orders',
  '<key>': 'password',
  '<labels of the pods>': '{ app: orders }',
  '<name of the set>': 'orders',
  '<spec.serviceName>': 'orders',
  '<Ingress, Egress or both, as in the message>': 'Ingress, Egress',
  '<port of the server>': '5432',
  '<gid of Postgres>': '999',
  '<somewhat more than shared_buffers>': '1200Mi',
  '<secret with the key pgsodium_root.key>': 'orders-vault',
  '<volume>': 'scripts',
  '<file>': '20-schema.sql',
};

/** A slip in a name, a value in another object, a claim at another place: there something has to go or move as well. */
const beyondPasting: ReadonlySet<string> = new Set([
  'rejects-misspelt-volume',
  'rejects-config-map',
  'rejects-mount-elsewhere',
  'warns-template-of-host-path',
]);

/** Every fixture that the check finds something in, and that pasting mends. */
const cases = checkFixtures().flatMap((fixture) => {
  const check: Check | undefined = withPaste.find(({ id }) => id === fixture.check);
  return check === undefined || !finds(check.id, fixture) || beyondPasting.has(fixture.name)
    ? []
    : [{ id: check.id, name: fixture.name, fixture, snippet: snippetOf(check, fixture) }];
});

test('each check with something to paste is tried', () => {
  expect(new Set(cases.map(({ id }) => id))).toEqual(new Set(withPaste.map(({ id }) => id)));
});

function finds(id: string, fixture: CheckFixture): boolean {
  return judge(fixture).some(({ check, message }) => check === id && !message.startsWith('allowed by'));
}

function snippetOf({ id, paste = '' }: Check, { after }: CheckFixture): JsonObject {
  const variable = /env\[([^\]]+)\]/.exec(
    judge({ after, before: undefined }).find(({ check }) => check === id)?.field ?? '',
  );
  const all = { ...placeholders, '<variable>': variable?.[1] ?? '' };
  const text = Object.entries(all).reduce((line, [place, value]) => line.replaceAll(place, value), paste);
  expect(text).not.toMatch(/[<>]/);
  const value = parse(text) as Json;
  if (!isObject(value)) throw new Error(`${id}: what is to be pasted is no YAML mapping`);
  return value;
}

test.each(cases)('$id $name: pasted, it helps', ({ id, fixture, snippet }) => {
  const [first] = judge(fixture).filter(({ check }) => check === id);
  const after = workloadOf(pasted(fixture, snippet, /\.containers\[([^\]]+)\]/.exec(first?.field ?? '')?.[1]));
  const facts = factsWith(fixture, snippet);
  const left = judge({ after, before: fixture.before, facts, policy: fixture.policy });
  expect(left.filter(({ field, message }) => field === first?.field && message === first.message)).toEqual([]);
});

/** Keys of the Postgres container; the others are the pod's, or the object's own. */
const containerKeys: ReadonlySet<string> = new Set(['env', 'resources', 'startupProbe', 'volumeMounts']);
const podKeys: ReadonlySet<string> = new Set(['affinity', 'securityContext', 'volumes']);

function pasted({ after }: CheckFixture, snippet: JsonObject, named: string | undefined): JsonObject {
  const container = named ?? after.server?.name;
  if ('kind' in besideSet(snippet)) return after.object;
  const replacesVolume = objectsAt(objectAt(snippet, 'spec'), 'volumeClaimTemplates').length > 0;
  return Object.entries(snippet).reduce((object, [key, value]) => {
    if (containerKeys.has(key)) return inPod(object, (pod) => inServer(pod, container, { [key]: value ?? null }));
    if (podKeys.has(key)) return inPod(object, (pod) => merged(pod, { [key]: value ?? null }));
    const whole = merged(object, { [key]: value ?? null });
    return replacesVolume ? inPod(whole, (pod) => mounted(pod, container)) : whole;
  }, after.object);
}

/** "Move "data" from volumes to spec.volumeClaimTemplates", and where there is no mount: mount it. */
function mounted(pod: JsonObject, server: string | undefined): JsonObject {
  const volumes = objectsAt(pod, 'volumes').filter((volume) => textAt(volume, 'name') !== 'data');
  const isMounted = objectsAt(pod, 'containers')
    .flatMap((container) => objectsAt(container, 'volumeMounts'))
    .some((mount) => textAt(mount, 'name') === 'data');
  const mount = { volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql/data' }] };
  return isMounted ? { ...pod, volumes } : inServer({ ...pod, volumes }, server, mount);
}

function inPod(object: JsonObject, edit: (pod: JsonObject) => JsonObject): JsonObject {
  const spec = objectAt(object, 'spec');
  const template = objectAt(spec, 'template');
  return { ...object, spec: { ...spec, template: { ...template, spec: edit(objectAt(template, 'spec')) } } };
}

function inServer(pod: JsonObject, server: string | undefined, part: JsonObject): JsonObject {
  const containers = objectsAt(pod, 'containers').map((container) =>
    textAt(container, 'name') === server ? merged(container, part) : container,
  );
  return { ...pod, containers };
}

/** Maps key by key; in lists an entry of the same name is replaced. */
function merged(base: JsonObject, part: JsonObject): JsonObject {
  return Object.entries(part).reduce<JsonObject>((result, [key, value]) => {
    const there = result[key];
    if (isObject(there) && isObject(value)) return { ...result, [key]: merged(there, value) };
    if (isList(there) && isList(value)) {
      const names = new Set(value.map(nameOf));
      return { ...result, [key]: [...there.filter((entry) => !names.has(nameOf(entry))), ...value] };
    }
    return { ...result, [key]: value };
  }, base);
}

function nameOf(entry: Json): string | undefined {
  const object = isObject(entry) ? entry : {};
  return textAt(object, 'name') ?? textAt(objectAt(object, 'metadata'), 'name');
}

/** A selector belongs to a Service for writing. */
function besideSet(snippet: JsonObject): JsonObject {
  if (!('selector' in snippet)) return snippet;
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'orders-rw' }, spec: snippet };
}

/** What is no part of the set is applied beside it; a selector belongs to a Service for writing. */
function factsWith({ check, name, facts, after }: CheckFixture, snippet: JsonObject): ClusterFacts {
  const beside = besideSet(snippet);
  if (!('kind' in beside)) return facts;
  const file = `${name}.cluster.yaml`;
  const others = fixtureFiles(check).includes(file) ? fixtureText(check, file) : '';
  const here = { ...beside, metadata: { ...objectAt(beside, 'metadata'), namespace: after.namespace } };
  return factsFrom([others, stringify(here)].filter((text) => text !== '').join('\n---\n'));
}
