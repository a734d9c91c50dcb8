import { describe, expect, test } from 'vitest';
import { readEnvironment } from '../../src/workload/environment.ts';
import { factTables } from '../../src/workload/fact-table.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { variableByReference } from '../../src/workload/variable-by-reference.ts';
import type { VariableByReference } from '../../src/workload/variable-by-reference.ts';

const facts = factTables('not-asked');
const metadata = (name: string): JsonObject => ({ name, namespace: 'shop' });
facts.configMaps.put({ kind: 'ConfigMap', metadata: metadata('one'), data: { PGDATA: '/one', DATA: '/two' } });
facts.configMaps.put({ kind: 'ConfigMap', metadata: metadata('other'), data: { PGDATA: '/other' } });
facts.configMaps.put({ kind: 'ConfigMap', metadata: metadata('empty'), data: { PGDATA: '' } });
facts.secrets.put({ kind: 'Secret', metadata: metadata('login'), stringData: { POSTGRES_PASSWORD: 'hidden' } });
facts.secrets.put({ kind: 'Secret', metadata: metadata('place'), stringData: { PGDATA: '/hidden' } });

function read(container: JsonObject): VariableByReference {
  const server = { container, environment: readEnvironment(container) };
  return variableByReference('PGDATA', server, { namespace: 'shop' }, facts);
}

const map = (name: string, prefix?: string): JsonObject => ({
  configMapRef: { name },
  ...(prefix === undefined ? {} : { prefix }),
});
const secret = (name: string): JsonObject => ({ secretRef: { name } });
const held = (name: string, value: string): VariableByReference => ({
  kind: 'held',
  holder: { kind: 'ConfigMap', name },
  value,
});

describe('envFrom', () => {
  test.each<[string, readonly JsonObject[], VariableByReference]>([
    ['nothing', [], { kind: 'absent' }],
    ['a ConfigMap that has it', [map('one')], held('one', '/one')],
    ['the last of two', [map('one'), map('other')], held('other', '/other')],
    ['one that has it under its prefix', [map('one', 'PG')], held('one', '/two')],
    ['one whose prefix it has not', [map('nowhere', 'APP_')], { kind: 'absent' }],
    ['one that nobody knows', [map('nowhere')], { kind: 'unknown' }],
    ['one that nobody knows beside one that has it', [map('one'), map('nowhere')], held('one', '/one')],
    ['an empty value', [map('empty')], { kind: 'absent' }],
    ['a Secret without the key', [secret('login')], { kind: 'absent' }],
    ['a Secret that nobody knows', [secret('nowhere')], { kind: 'unknown' }],
  ])('%s', (_what, envFrom, expected) => {
    expect(read({ envFrom: [...envFrom] })).toEqual(expected);
  });

  test('of a Secret only that it has the key', () => {
    const found = read({ envFrom: [secret('place')] });
    expect(found).toEqual({ kind: 'held', holder: { kind: 'Secret', name: 'place' }, value: undefined });
  });

  test('what stands in env wins', () => {
    expect(read({ env: [{ name: 'PGDATA', value: '/own' }], envFrom: [map('one')] })).toEqual({ kind: 'absent' });
  });
});

test.each<[string, JsonObject, VariableByReference]>([
  ['a key that is known', { configMapKeyRef: { name: 'one', key: 'DATA' } }, held('one', '/two')],
  ['a key that is not there', { configMapKeyRef: { name: 'one', key: 'none' } }, { kind: 'unknown' }],
  ['a field', { fieldRef: { fieldPath: 'metadata.name' } }, { kind: 'unknown' }],
  ['a Secret', { secretKeyRef: { name: 'place', key: 'PGDATA' } }, { kind: 'unknown' }],
])('valueFrom %s', (_what, valueFrom, expected) => {
  expect(read({ env: [{ name: 'PGDATA', valueFrom }] })).toEqual(expected);
});
