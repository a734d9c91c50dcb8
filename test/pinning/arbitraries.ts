import fc from 'fast-check';
import type { Plan, ServerChange } from '../../src/plan/plan.ts';
import type { Json, JsonObject } from '../../src/workload/json.ts';
import { isObject, objectAt, objectsAt, textAt } from '../../src/workload/json.ts';

/** A field that is absent, null, or what `present` gives; real manifests have all three. */
function field(name: string, present: fc.Arbitrary<Json>): fc.Arbitrary<JsonObject> {
  return fc.oneof(
    { weight: 3, arbitrary: present.map((value): JsonObject => ({ [name]: value })) },
    fc.constant<JsonObject>({}),
    fc.constant<JsonObject>({ [name]: null }),
  );
}

function merged(...parts: fc.Arbitrary<JsonObject>[]): fc.Arbitrary<JsonObject> {
  return fc.tuple(...parts).map((objects) => Object.fromEntries(objects.flatMap((object) => Object.entries(object))));
}

const small: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(0, '', null, false, [], {}),
  fc.dictionary(fc.string(), fc.oneof(fc.integer(), fc.string(), fc.array(fc.boolean())), { maxKeys: 3 }),
);
const extra = fc.dictionary(fc.constantFrom('x-unknown', 'schedulerName', '__proto__', 'a/b~c'), small, { maxKeys: 2 });
const word = fc.constantFrom('a', 'b', 'c', '-c', 'x=1', '--', 'sh');
const named = (names: readonly string[]): fc.Arbitrary<readonly Json[]> =>
  fc
    .uniqueArray(fc.tuple(fc.constantFrom(...names), extra), { selector: ([name]) => name, maxLength: 3 })
    .map((items) => items.map(([name, more]) => ({ ...more, name })));

const env = fc
  .uniqueArray(fc.tuple(fc.constantFrom('A', 'B', 'PGDATA'), fc.constantFrom('/data', 'v', '')), {
    selector: ([name]) => name,
  })
  .map((items): Json => items.map(([name, value]) => ({ name, value })));

const hook = fc.oneof(
  merged(field('exec', merged(field('command', fc.array(word, { maxLength: 3 })))), extra),
  fc.constant<JsonObject>({}),
);

const server = merged(
  fc.constant({ name: 'postgres', image: 'postgres:17.6' }),
  extra,
  field('command', fc.array(word, { maxLength: 2 })),
  field('args', fc.array(word, { maxLength: 3 })),
  field('env', env),
  field('volumeMounts', fc.constantFrom<Json>([], [{ name: 'data', mountPath: '/data' }])),
  field(
    'ports',
    fc.constantFrom<Json>(
      [],
      [
        { containerPort: 9187, protocol: 'TCP' },
        { containerPort: 5432, name: 'pg' },
      ],
    ),
  ),
  field('lifecycle', merged(field('preStop', hook), field('postStart', fc.constant({ exec: { command: ['true'] } })))),
  field('readinessProbe', fc.constant({ tcpSocket: { port: 5432 }, periodSeconds: 5 })),
  field('startupProbe', fc.constant({ exec: { command: ['true'] } })),
);

/** A StatefulSet of a user, with what real ones have: absent, null and empty fields, unknown ones, other containers. */
export const statefulSets: fc.Arbitrary<JsonObject> = merged(
  fc.constant({ apiVersion: 'apps/v1', kind: 'StatefulSet' }),
  extra,
  merged(
    fc.constant({ name: 'db', labels: { 'postgres.io/managed': 'true' } }),
    field(
      'annotations',
      fc.dictionary(fc.constantFrom('note', 'postgres.io/backup-keep', '__proto__'), fc.constantFrom('', '9')),
    ),
  ).map((metadata): JsonObject => ({ metadata })),
  merged(
    fc.constant({ serviceName: 'db', selector: { matchLabels: { app: 'db' } } }),
    field('volumeClaimTemplates', fc.constantFrom<Json>([], [{ metadata: { name: 'data' }, spec: {} }])),
    fc
      .tuple(
        field('metadata', merged(extra, field('annotations', fc.dictionary(fc.constantFrom('a', 'b'), fc.string())))),
        merged(
          extra,
          field('initContainers', named(['init', 'restore-wait'])),
          field('volumes', named(['scratch', 'config'])),
          field('terminationGracePeriodSeconds', fc.constantFrom(0, 30, 60)),
          fc.tuple(named(['proxy', 'exporter']), server, fc.boolean()).map(([others, postgres, last]): JsonObject => {
            return { containers: last ? [...others, postgres] : [postgres, ...others] };
          }),
        ),
      )
      .map(([metadata, spec]): JsonObject => ({ template: { ...metadata, spec } })),
  ).map((spec): JsonObject => ({ spec })),
);

function ours(names: readonly string[]): fc.Arbitrary<readonly JsonObject[]> {
  return fc
    .uniqueArray(fc.tuple(fc.constantFrom(...names), small), { selector: ([name]) => name, maxLength: 3 })
    .map((items) => items.map(([name, value]) => ({ name, value })));
}

function maybe<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(value, { nil: undefined });
}

/** A plan that claims nothing that `object` has, as the injections see to. */
export function plansFor(object: JsonObject): fc.Arbitrary<Plan> {
  const pod = objectAt(objectAt(objectAt(object, 'spec'), 'template'), 'spec');
  const container = objectsAt(pod, 'containers').find((item) => textAt(item, 'name') === 'postgres') ?? {};
  const pgdata = objectsAt(container, 'env').find((item) => textAt(item, 'name') === 'PGDATA');
  const was = textAt(pgdata, 'value');
  const hasPort = objectsAt(container, 'ports').some((port) => port['containerPort'] === 5432);
  const probe = maybe(
    fc.record({ exec: fc.constant({ command: ['sh', '/pgusher/bin/ready.sh', '5432'] }), periodSeconds: fc.nat(99) }),
  );
  const change: fc.Arbitrary<ServerChange> = fc.record({
    container: fc.constant('postgres'),
    env: ours(pgdata === undefined ? ['PGDATA', 'PGUSHER_A'] : ['PGUSHER_A']),
    replacedEnv: fc.constantFrom(
      ...(was === undefined ? [[]] : [[], [{ name: 'PGDATA', value: `${was}/pgdata`, was }]]),
    ),
    volumeMounts: ours(['/pgusher', '/dev/shm', '/pgusher-backup']).map((items) =>
      items.map(({ name }) => ({ name: name === '/dev/shm' ? 'pgusher-shm' : 'pgusher', mountPath: name })),
    ),
    args: fc
      .array(fc.constantFrom('wal_keep_size=1', 'huge_pages=off'))
      .map((items) => items.flatMap((item) => ['-c', item])),
    ports: fc.constantFrom(...(hasPort ? [[]] : [[], [{ name: 'postgres', containerPort: 5432, protocol: 'TCP' }]])),
    startupProbe: isObject(container['startupProbe']) ? fc.constant(undefined) : probe,
    readinessProbe: isObject(container['readinessProbe']) ? fc.constant(undefined) : probe,
    preStop: maybe(fc.nat(600).map((seconds) => ['sh', '/pgusher/bin/pre-stop.sh', String(seconds)])),
  });
  return fc.record({
    initContainers: ours(['pgusher-backup', 'pgusher-restore', 'pgusher-initdb']),
    volumes: ours(['pgusher', 'pgusher-shm', 'pgusher-source']),
    claimTemplates: fc.constantFrom([], [{ metadata: { name: 'pgusher-backup' }, spec: { volumeMode: 'Filesystem' } }]),
    server: maybe(change),
    pod: fc.record({ graceSeconds: maybe(fc.constantFrom(300, 600)) }),
  });
}

export const injections: fc.Arbitrary<{ object: JsonObject; plan: Plan }> = statefulSets.chain((object) =>
  plansFor(object).map((plan) => ({ object, plan })),
);

/** What the apiserver does to an object: another order of keys, and no shared references. */
export function stored(value: Json): Json {
  if (Array.isArray(value)) return value.map(stored);
  if (!isObject(value)) return value;
  const sorted: [string, Json][] = [];
  for (const key of Object.keys(value).sort().reverse()) {
    const member = value[key];
    if (member !== undefined) sorted.push([key, stored(member)]);
  }
  return Object.fromEntries(sorted);
}

export function storedObject(object: JsonObject): JsonObject {
  const result = stored(object);
  return isObject(result) ? result : {};
}
