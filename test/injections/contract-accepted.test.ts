import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { mutate } from '../../src/admission/mutate.ts';
import { readContract } from '../../src/agent/contract-schema.ts';
import { acceptedByAgent, ContractRefused } from '../../src/injections/contract-refused.ts';
import { isObject, objectAt, objectsAt, textAt } from '../../src/workload/json.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { settingDefinitions } from '../../src/workload/setting-table.ts';
import { managedSet, plainContext, requestOf } from '../support/review.ts';
import { expandAsKubelet } from './support/kubelet.ts';
import { contract, plan } from './support/rendered.ts';

/** The contract in the object that /mutate answers with, as the agent gets it from the kubelet; undefined: refused, or nothing is injected. */
function admittedContract(object: JsonObject): string | undefined {
  const verdict = mutate(requestOf({ object }), plainContext);
  if (!verdict.allowed) return undefined;
  const pod = objectAt(objectAt(objectAt(verdict.object, 'spec'), 'template'), 'spec');
  const agent = objectsAt(pod, 'initContainers').find((container) => textAt(container, 'name') === 'pgusher-backup');
  const entry = objectsAt(agent, 'env').find((variable) => textAt(variable, 'name') === 'PGUSHER_CONTRACT');
  const value = textAt(entry, 'value');
  return value === undefined ? undefined : expandAsKubelet(value, new Map());
}

const root = join(import.meta.dirname, '../..');
const files = globSync(['examples/**/*.yaml', 'test/fixtures/injection/*/in.yaml', 'test/fixtures/checks/*/*.yaml'], {
  cwd: root,
});

test('what is admitted of every manifest of the project is a contract that the agent takes', () => {
  let admitted = 0;
  for (const file of files) {
    const documents = parseAllDocuments(readFileSync(join(root, file), 'utf8'));
    const sets = (Array.isArray(documents) ? documents : [])
      .map((document) => document.toJS() as unknown)
      .filter(isObject)
      .filter(({ kind }) => kind === 'StatefulSet');
    for (const set of sets) {
      const text = admittedContract(set);
      if (text === undefined) continue;
      admitted += 1;
      expect(() => readContract(text), file).not.toThrow();
    }
  }
  expect(admitted).toBeGreaterThan(300);
});

/** Values as people write them and as they do not: of every setting its example, its neighbours and nonsense. */
const annotation = fc
  .constantFrom(...Object.values(settingDefinitions))
  .chain(({ name, example }) =>
    fc
      .oneof(
        fc.constant(example),
        fc.constantFrom(
          '',
          '0',
          '1',
          '2',
          '-1',
          '9',
          '10',
          '99',
          '100',
          '65535',
          '65536',
          '2147483648',
          '/',
          '/a',
          'a:0',
        ),
        fc.constantFrom(
          'on',
          'off',
          'auto',
          'restore',
          'primary',
          'standby',
          'none',
          'fork',
          '*/5 * * * *',
          'UTC',
          '::1',
        ),
        fc.string({ maxLength: 12 }),
      )
      .map((value) => [`postgres.io/${name}`, value] as const),
  );
const image = fc.oneof(
  fc.constantFrom('postgres', 'postgres:17', 'postgres:9.6', 'postgres:2.3.1', 'registry.example/team/postgres:24.04'),
  fc.tuple(fc.nat(120), fc.nat(30)).map(([major, minor]) => `postgres:${major}.${minor}`),
  fc
    .tuple(
      fc.constantFrom('supabase/postgres', 'timescale/timescaledb', 'postgis/postgis', 'apache/age', 'team/db'),
      fc.stringMatching(/^(pg|v|release_PG)?[0-9]{1,3}([._-][0-9]{1,3}){0,2}(-alpine)?$/),
    )
    .map(([name, tag]) => `${name}:${tag}`),
);
const words = fc.constantFrom(
  '-p',
  '0',
  '5433',
  '99999',
  '0x10',
  '-c',
  'port=70000',
  '--port=5e3',
  '-D',
  'data',
  'postgres',
);
const variables = fc.constantFrom(
  { name: 'PGPORT', value: '0' },
  { name: 'PGPORT', value: '065000' },
  { name: 'PGPORT', value: '$(NOBODY)' },
  { name: 'PGDATA', value: 'relative' },
  { name: 'PGDATA', value: '/var/lib/postgresql/data/$(NOBODY)' },
  { name: 'POSTGRES_INITDB_WALDIR', value: 'wal' },
);
const uid = fc.constantFrom(-1, 0, 70, 999, 4_294_967_295, 1.5);

/** So that one part at a time is odd, and what is admitted is not always the same. */
function mostly<Value>(usual: Value, odd: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: odd });
}

test('whatever an object says, it is refused at the door or its contract is one that the agent takes', () => {
  const parts = fc.record({
    annotations: mostly([], fc.array(annotation, { maxLength: 3 })),
    image: mostly('postgres:17.6', image),
    args: mostly([], fc.array(words, { maxLength: 4 })),
    env: mostly([], fc.array(variables, { maxLength: 2 })),
    name: mostly('orders', fc.constant('')),
    serviceName: mostly('orders', fc.constant('')),
    mountPath: mostly('/var/lib/postgresql/data', fc.constantFrom('var/lib/postgresql/data', '/var/lib', '/')),
    security: mostly({}, fc.record({ runAsUser: uid, runAsGroup: uid }, { requiredKeys: [] })),
  });
  let admitted = 0;
  fc.assert(
    fc.property(parts, ({ annotations, image: name, args, env, serviceName, mountPath, security, ...rest }) => {
      const object = managedSet({
        annotations: Object.fromEntries(annotations),
        image: name,
        args,
        env: [{ name: 'POSTGRES_PASSWORD', valueFrom: { secretKeyRef: { name: 'x', key: 'y' } } }, ...env],
        metadata: { name: rest.name },
      });
      const spec = objectAt(object, 'spec');
      const pod = objectAt(objectAt(spec, 'template'), 'spec');
      const containers = objectsAt(pod, 'containers').map((container) => ({
        ...container,
        securityContext: security,
        volumeMounts: [{ name: 'data', mountPath }],
      }));
      const template = { ...objectAt(spec, 'template'), spec: { ...pod, containers } };
      const text = admittedContract({ ...object, spec: { ...spec, serviceName, template } });
      if (text === undefined) return;
      admitted += 1;
      readContract(text);
    }),
    { numRuns: 1_000 },
  );
  expect(admitted).toBeGreaterThan(100);
});

describe('what the agent would refuse', () => {
  const good = contract(plan());

  test('is judged by the schema that the agent reads it with', () => {
    expect(acceptedByAgent(good)).toBe(good);
    expect(() => acceptedByAgent({ ...good, major: 2 })).toThrow(ContractRefused);
    expect(() => readContract(JSON.stringify({ ...good, major: 2 }))).toThrow('major');
  });

  test.each<[string, object]>([
    ['metadata.annotations[postgres.io/version]', { major: 2 }],
    ['metadata.annotations[postgres.io/data-directory]', { dataDirectory: 'data' }],
    ['metadata.annotations[postgres.io/agent-port]', { agentPort: 70_000 }],
    ['metadata.annotations[postgres.io/backup-keep]', { backup: { ...good.backup, keep: 1 } }],
    ['spec.serviceName', { service: '' }],
  ])('names what to mend: %s', (field, change) => {
    try {
      acceptedByAgent({ ...good, ...change });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ContractRefused);
      expect(error instanceof ContractRefused ? error.problems.map((problem) => problem.field) : []).toEqual([field]);
    }
  });

  test('names no part of the contract that has no origin', () => {
    for (const key of Object.keys(good)) {
      if (key === 'version') continue;
      try {
        acceptedByAgent({ ...good, [key]: 3.5 });
        expect.unreachable(key);
      } catch (error) {
        expect(error instanceof ContractRefused ? error.problems[0]?.field : '').not.toContain('contract');
      }
    }
  });

  test('is a denial at the door, with the field', () => {
    const verdict = mutate(requestOf({ object: managedSet({ metadata: { name: '' } }) }), plainContext);
    expect(verdict.allowed).toBe(false);
    expect(verdict.findings[0]).toMatchObject({ check: 'agent-contract', severity: 'deny', field: 'metadata.name' });
  });
});
