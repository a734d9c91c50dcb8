import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readManifests } from '../../src/manifests/read-manifests.ts';
import { applyOperations } from '../../src/plan/json-patch.ts';
import { isObject, objectAt, objectsAt, textAt } from '../../src/workload/json.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { openHttpsDoor } from './support/https-door.ts';
import type { HttpsDoor } from './support/https-door.ts';
import { whatWasLost } from './support/lost.ts';
import { root, runPgusher } from './support/run-pgusher.ts';

/**
 * What careful engineers run: nothing of it is refused, and each warning is one that they expect. What the apiserver stores of each is in
 * test/fixtures/stored.
 */
const folder = join(root, 'examples');
const examples = readdirSync(folder).filter((file) => file.endsWith('.yaml'));

/** All warnings that there are, each explained in the file. */
const expectedWarnings: Readonly<Record<string, readonly string[]>> = {
  'adoption.yaml': ['pgdata-at-mount-root'],
  'postgis-with-init-scripts.yaml': ['image-major-only'],
  'timescaledb.yaml': ['image-major-only'],
};

test('there are twelve, and a table of them', () => {
  expect(examples.length).toBeGreaterThanOrEqual(12);
  const table = readFileSync(join(folder, 'README.md'), 'utf8');
  const rows = [...table.matchAll(/^\| \[([a-z0-9-]+\.yaml)\]/gm)].map(([, file]) => file);
  expect(rows).toEqual(examples);
});

test('nothing is refused, and nobody is warned without an explanation', () => {
  const report = z.array(
    z.object({
      file: z.string(),
      kind: z.string(),
      findings: z.array(z.object({ check: z.string(), severity: z.string() })),
    }),
  );
  const { status, stdout } = runPgusher(['check', '--format', 'json', ...examples], { cwd: folder });
  expect(status).toBe(0);
  const found = report
    .parse(JSON.parse(stdout))
    .filter(({ findings }) => findings.length > 0)
    .map(({ file, findings }) => [file, findings.map(({ check }) => check)] as const);
  expect(Object.fromEntries(found)).toEqual(expectedWarnings);
});

let door: HttpsDoor;
beforeAll(async () => {
  door = await openHttpsDoor();
});
afterAll(() => {
  door.close();
});

describe.each(examples)('%s', (example) => {
  const text = readFileSync(join(folder, example), 'utf8');
  const objects = objectsIn(text);
  const set = statefulSetOf(objects);

  test('says what it shows, and how each Secret comes to be', () => {
    expect(text).toMatch(/^# \S[^]*?\.\n/);
    const [head = ''] = text.split('\napiVersion:');
    const words = new Set(head.split(/[\s,;:]+/));
    expect(secretsOf(set).filter((name) => !words.has(name))).toEqual([]);
    expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });

  test('has the Service that names its pods beside it', () => {
    const name = textAt(objectAt(set, 'spec'), 'serviceName');
    const service = objects.find((one) => one['kind'] === 'Service' && objectAt(one, 'metadata')['name'] === name);
    expect(objectAt(service, 'spec')['clusterIP']).toBe('None');
  });

  test('is injected through the command line and through the webhook alike, and nothing of it is lost', async () => {
    const injected = runPgusher(['inject', '-f', '-'], { stdin: text });
    expect(injected).toMatchObject({ status: 0 });
    const after = statefulSetOf(objectsIn(injected.stdout));
    const answer = await door.ask('/mutate', set);
    expect(answer).toMatchObject({ allowed: true, message: '' });
    expect(answer.operations).not.toEqual([]);
    expect(applyOperations(set, answer.operations)).toEqual(after);
    expect(whatWasLost(set, after)).toEqual([]);
    expect(await door.ask('/validate', after)).toMatchObject({ allowed: true, message: '' });
    expect((await door.ask('/mutate', after, after)).operations).toEqual([]);
  });

  test('is admitted when the label is put on one that runs', async () => {
    const unmanaged = { ...set, metadata: { ...objectAt(set, 'metadata'), labels: {}, annotations: {} } };
    expect(await door.ask('/mutate', set, unmanaged)).toMatchObject({ allowed: true, message: '' });
  });
});

function objectsIn(text: string): readonly JsonObject[] {
  const read = readManifests(text);
  if (read.kind === 'unreadable') throw new Error(read.message);
  return read.documents.map(({ value }) => value).filter(isObject);
}

function statefulSetOf(objects: readonly JsonObject[]): JsonObject {
  const [set] = objects.filter(({ kind }) => kind === 'StatefulSet');
  if (set === undefined) throw new Error('an example holds a StatefulSet');
  return set;
}

/** Of variables, of volumes and of the setting. */
function secretsOf(set: JsonObject): readonly string[] {
  const pod = objectAt(objectAt(objectAt(set, 'spec'), 'template'), 'spec');
  const referenced = objectsAt(pod, 'containers')
    .flatMap((container) => objectsAt(container, 'env'))
    .map((variable) => textAt(objectAt(objectAt(variable, 'valueFrom'), 'secretKeyRef'), 'name'));
  const mounted = objectsAt(pod, 'volumes').map((volume) => textAt(objectAt(volume, 'secret'), 'secretName'));
  const said = textAt(objectAt(objectAt(set, 'metadata'), 'annotations'), 'postgres.io/replication-secret');
  return [...referenced, ...mounted, said].filter((name) => name !== undefined);
}
