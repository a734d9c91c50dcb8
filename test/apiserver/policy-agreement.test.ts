import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { policyPath } from '../../scripts/write-policy/policy.ts';
import { rules } from '../../scripts/write-policy/rules.ts';
import type { AdmissionRequest } from '../../src/admission/admission.ts';
import { mutate } from '../../src/admission/mutate.ts';
import { jsonFromYaml, readOptions } from '../../src/manifests/yaml-dialect.ts';
import { bookkeeping } from '../../src/pinning/bookkeeping.ts';
import { isObject, objectAt, objectsAt, textAt } from '../../src/workload/json.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { checkFixtures, judge, workloadOf } from '../checks/check-fixture.ts';
import type { CheckFixture } from '../checks/check-fixture.ts';
import { plainContext, requestOf } from '../support/review.ts';
import { missingTools } from '../support/tool.ts';
import { startControlPlane, until, type ControlPlane } from './support/control-plane.ts';
import { arbitrarySet } from './support/arbitrary-set.ts';
import { directApi, type ApiAnswer } from './support/direct-api.ts';
import { ordersManifest } from './support/stateful-set.ts';

const root = join(import.meta.dirname, '..', '..');
const twins = new Set(rules.map(({ check }) => check.id));
/** What the injection mends, so that the check only warns; it is gone when the apiserver asks the policy. */
const mended = new Set(rules.filter(({ mendedBy }) => mendedBy !== undefined).map(({ check }) => check.id));

/** What a check refuses and its twin cannot see, each for the reason that the rule gives under `narrower`. */
const narrower: ReadonlySet<string> = new Set([
  // It takes postgres' whole command line.
  'fsync-off/rejects-in-shell-script',
  'fsync-off/rejects-one-of-two-starts',
  'fsync-off/rejects-variable-of-a-branch',
  'fsync-off/rejects-written-start-script',
  // It stands in another object, or in what initdb is told.
  'fsync-off/rejects-configuration-file',
  'fsync-off/rejects-included-file',
  'fsync-off/rejects-initdb-set',
  'plaintext-password/rejects-config-map',
  'plaintext-password/rejects-config-map-key',
  // A copy is looked for by its words alone.
  'replicas-without-replication/rejects-copy-elsewhere',
  // A claim mounted beside PGDATA, and a tag that tells no major, are not told there.
  'pgdata-no-volume/rejects-mount-elsewhere',
  'pgdata-no-volume/rejects-no-volume-of-any-major',
  // Images are known by their names.
  'replicas-without-replication/rejects-own-build',
  // The setting is not the pod's own field.
  'grace-too-low/warns-low-setting',
  // 0 alone is refused: the injection makes 300 of the rest.
  'grace-too-low/warns-ten',
]);

/** Refused by the apiserver's own validation, before any policy is asked. */
const invalid: ReadonlySet<string> = new Set(['pgdata-no-volume/rejects-misspelt-volume']);

const fixtures = checkFixtures();
const manifests = globSync(
  [
    'examples/*.yaml',
    'test/fixtures/injection/*/in.yaml',
    'test/fixtures/injection/*/out.yaml',
    'test/fixtures/stored/*.yaml',
  ],
  { cwd: root },
)
  // It has a port in quotes, which only our own reading takes.
  .filter((path) => !path.includes('login-from-env-from'))
  .toSorted();

/** The policy alone, no webhook: it says of each object what the checks say of it, or less. */
describe.skipIf(missingTools('go'))('the ValidatingAdmissionPolicy against the checks', () => {
  let cluster: ControlPlane;
  let ask: ReturnType<typeof directApi>;

  beforeAll(async () => {
    cluster = await startControlPlane();
    ask = directApi(cluster);
    // What is there before a change may be what the policy refuses, so it comes first.
    for (const [index, { before }] of fixtures.entries()) {
      if (before !== undefined) await ask('POST', collection, named(before.object, `before-${index}`));
    }
    for (const [index, set] of goldenSets().entries()) await ask('POST', collection, named(set, `golden-${index}`));
    cluster.kubectl(['apply', '-f', policyPath]);
    await until('the policy to be in force', 30_000, async () => {
      const unsafe = JSON.parse(
        cluster.kubectl(['create', '--dry-run=client', '-o', 'json', '-f', '-'], ordersManifest(withRetention)),
      ) as JsonObject;
      return (await ask('POST', `${collection}?dryRun=All`, unsafe)).status === 403;
    });
  });
  afterAll(async () => {
    await (cluster as ControlPlane | undefined)?.stop();
  });

  const create = (object: JsonObject): Promise<ApiAnswer> => ask('POST', `${collection}?dryRun=All`, inDefault(object));
  const update = (name: string, object: JsonObject): Promise<ApiAnswer> =>
    ask('PUT', `${collection}/${name}?dryRun=All`, named(object, name));

  describe.each(fixtures.map((fixture, index) => ({ title: `${fixture.check}/${fixture.name}`, fixture, index })))(
    '$title',
    ({ title, fixture, index }) => {
      test('is refused by the policy only where the check refuses it', async () => {
        const answer = await (fixture.before === undefined
          ? create(fixture.after.object)
          : update(`before-${index}`, fixture.after.object));
        const denied = refusableBy(fixture);
        const refused = refusedFor(answer);
        if (refused !== undefined) expect(denied).toContain(refused);
        if (invalid.has(title)) expect(answer.status).toBe(422);
        if (invalid.has(title) || !twins.has(fixture.check)) return;
        expect(answer.status === 403 ? '' : answer.message).toBe('');
        expect({ title, refused: refused !== undefined }).toEqual({
          title,
          refused: denied.includes(fixture.check) && !narrower.has(title),
        });
      });
    },
  );

  test('what /mutate lets through by escapes, with what it injects, the policy lets through', async () => {
    let count = 0;
    for (const [index, fixture] of fixtures.entries()) {
      const { allowed, object } = mutate(requestFor(fixture), { ...plainContext, facts: fixture.facts });
      if (!allowed || object === undefined) continue;
      const answer = await (fixture.before === undefined ? create(object) : update(`before-${index}`, object));
      count += answer.message === '' ? 1 : 0;
      expect({ fixture: `${fixture.check}/${fixture.name}`, refused: refusedFor(answer) }).toEqual({
        fixture: `${fixture.check}/${fixture.name}`,
        refused: undefined,
      });
    }
    expect(count).toBeGreaterThan(150);
  });

  test('of any arrangement the policy refuses nothing but what the checks refuse', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(arbitrarySet(), async (set) => {
        const refused = refusedFor(await create(set));
        if (refused === undefined) return;
        seen.add(refused);
        expect(refusableBy({ after: workloadOf(set), before: undefined })).toContain(refused);
      }),
      { numRuns: 800 },
    );
    expect(seen.size).toBeGreaterThan(4);
  });

  test.each(manifests)('%s passes', async (manifest) => {
    const sets = setsIn(manifest);
    expect(sets).not.toEqual([]);
    for (const set of sets) expect(await create(set)).toEqual({ status: 201, message: '' });
  });

  test.each(goldenSets().map((set, index) => ({ set, index, name: objectAt(set, 'metadata')['name'] })))(
    'golden output $index, $name: applied again it passes; a container of ours gone, or all of it, is refused',
    async ({ set, index }) => {
      const name = `golden-${index}`;
      expect(await update(name, set)).toEqual({ status: 200, message: '' });
      const without = (change: (template: JsonObject) => JsonObject): Promise<ApiAnswer> => {
        const spec = objectAt(set, 'spec');
        return update(name, { ...set, spec: { ...spec, template: change(objectAt(spec, 'template')) } });
      };
      for (const container of objectsAt(
        objectAt(objectAt(objectAt(set, 'spec'), 'template'), 'spec'),
        'initContainers',
      )) {
        const own = textAt(container, 'name')?.startsWith('pgusher-') === true;
        const answer = await without((template) => withInit(template, (other) => other !== container));
        expect({ container: container['name'], refused: refusedFor(answer) }).toEqual({
          container: container['name'],
          refused: own ? 'injection-missing' : undefined,
        });
      }
      const bare = await without((template) => {
        const metadata = objectAt(template, 'metadata');
        const annotations = { ...objectAt(metadata, 'annotations'), [bookkeeping.hash]: undefined };
        const stripped = withInit(template, (container) => textAt(container, 'name')?.startsWith('pgusher-') !== true);
        return JSON.parse(JSON.stringify({ ...stripped, metadata: { ...metadata, annotations } })) as JsonObject;
      });
      expect(refusedFor(bare)).toBe('injection-missing');
    },
  );

  test('an object of a megabyte is judged, not refused for what that costs', async () => {
    const [set = {}] = setsIn('examples/minimal.yaml');
    const spec = objectAt(set, 'spec');
    const template = objectAt(spec, 'template');
    const pod = objectAt(template, 'spec');
    const env = Array.from({ length: 8000 }, (_, index) => ({ name: `VARIABLE_${index}`, value: 'x'.repeat(100) }));
    const [server = {}] = objectsAt(pod, 'containers');
    const containers = [{ ...server, env: [...objectsAt(server, 'env'), ...env] }];
    const large = { ...set, spec: { ...spec, template: { ...template, spec: { ...pod, containers } } } };
    expect(await create(large)).toMatchObject({ status: 201, message: '' });
    const unsafe = { ...objectAt(large, 'spec'), persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } };
    expect(refusedFor(await create({ ...large, spec: unsafe }))).toBe('pvc-retention-delete');
  });
});

const collection = '/apis/apps/v1/namespaces/default/statefulsets';

/** With a reason for each check that refuses it. */
function requestFor({ after, before, facts }: CheckFixture): AdmissionRequest {
  const escapes = deniedBy({ after, before, facts }).map((check) => [`postgres.io/allow-${check}`, 'agreed']);
  const metadata = objectAt(after.object, 'metadata');
  const annotations = { ...objectAt(metadata, 'annotations'), ...Object.fromEntries(escapes) } as JsonObject;
  return {
    ...requestOf({
      operation: before === undefined ? 'CREATE' : 'UPDATE',
      object: { ...after.object, metadata: { ...metadata, annotations } },
      oldObject: before?.object ?? null,
    }),
    namespace: 'default',
    name: after.name,
  };
}

function deniedBy(fixture: Parameters<typeof judge>[0]): readonly string[] {
  return judge(fixture)
    .filter(({ severity }) => severity === 'deny')
    .map(({ check }) => check);
}

/** What is denied, and what the webhook would mend: an object that comes to the policy as it is went past the webhook. */
function refusableBy(fixture: Parameters<typeof judge>[0]): readonly string[] {
  return judge(fixture)
    .filter(({ check, severity }) => severity === 'deny' || mended.has(check))
    .map(({ check }) => check);
}

/** The check that the policy's message begins with; undefined where it was not the policy that refused, or nobody did. */
function refusedFor({ message }: ApiAnswer): string | undefined {
  const [, said] =
    /ValidatingAdmissionPolicy 'pgusher' with binding 'pgusher' denied request: (.*)/s.exec(message) ?? [];
  return said === undefined ? undefined : (/^([a-z0-9-]+): /.exec(said)?.[1] ?? said);
}

function setsIn(path: string): readonly JsonObject[] {
  const documents = parseAllDocuments(readFileSync(join(root, path), 'utf8'), readOptions);
  return documents
    .flatMap((document) => jsonFromYaml(document.toJS()))
    .filter(isObject)
    .filter(({ kind }) => kind === 'StatefulSet')
    .map((set) => ({ apiVersion: 'apps/v1', ...set }));
}

/** What the injection made, with the hash on its template. */
function goldenSets(): readonly JsonObject[] {
  return manifests
    .filter((path) => path.endsWith('out.yaml') || path.includes('/stored/'))
    .flatMap(setsIn)
    .filter((set) => {
      const metadata = objectAt(objectAt(objectAt(set, 'spec'), 'template'), 'metadata');
      return objectAt(metadata, 'annotations')[bookkeeping.hash] !== undefined;
    });
}

function withInit(template: JsonObject, keep: (container: JsonObject) => boolean): JsonObject {
  const pod = objectAt(template, 'spec');
  return { ...template, spec: { ...pod, initContainers: objectsAt(pod, 'initContainers').filter(keep) } };
}

function withRetention(set: { spec: object }): void {
  Object.assign(set.spec, { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } });
}

function inDefault(object: JsonObject): JsonObject {
  const metadata = { ...objectAt(object, 'metadata'), namespace: 'default' };
  return { apiVersion: 'apps/v1', kind: 'StatefulSet', ...object, metadata };
}

function named(object: JsonObject, name: string): JsonObject {
  const inPlace = inDefault(object);
  return { ...inPlace, metadata: { ...objectAt(inPlace, 'metadata'), name } };
}
