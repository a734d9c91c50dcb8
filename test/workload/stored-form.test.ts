import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/workload/json.ts';
import { canonicalQuantity } from '../../src/workload/quantity.ts';
import { storedMount, storedResources, storedVariable, storedVariables } from '../../src/workload/stored-form.ts';

/** As kube-apiserver writes them back; test/apiserver/stored-form.test.ts asks a real one about the same list. */
export const quantities: readonly (readonly [written: string, stored: string])[] = [
  ['0.5', '500m'],
  ['1000m', '1'],
  ['1500m', '1500m'],
  ['2.0', '2'],
  ['1024Mi', '1Gi'],
  ['1536Mi', '1536Mi'],
  ['0.5Gi', '512Mi'],
  ['1.5Gi', '1536Mi'],
  ['512Ki', '512Ki'],
  ['0.5Ki', '512'],
  ['0.3Ki', '307200m'],
  ['1000', '1k'],
  ['1500', '1500'],
  ['1000000000', '1G'],
  ['1000M', '1G'],
  ['1234M', '1234M'],
  ['0.1G', '100M'],
  ['1e3', '1e3'],
  ['12e8', '1200e6'],
  ['1E', '1E'],
  ['00.10', '100m'],
  ['0', '0'],
  ['0Mi', '0'],
  ['1048576', '1048576'],
];

test.each(quantities)('a quantity %s is stored as %s', (written, stored) => {
  expect(canonicalQuantity(written, 'milli')).toBe(stored);
  expect(canonicalQuantity(stored, 'milli')).toBe(stored);
});

test('what is no quantity stays, for the apiserver to refuse', () => {
  expect(canonicalQuantity('a lot')).toBe('a lot');
  expect(canonicalQuantity('1e999999999')).toBe('1e999999999');
});

test('resources are rounded up to thousandths, a divisor is not', () => {
  expect(canonicalQuantity('0.0001', 'milli')).toBe('1m');
  expect(canonicalQuantity('0.0001')).toBe('100u');
});

const variables: readonly (readonly [JsonObject, JsonObject])[] = [
  [
    { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    { name: 'POD_IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } },
  ],
  [
    { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory' } } },
    { name: 'MEMORY', valueFrom: { resourceFieldRef: { divisor: '0', resource: 'limits.memory' } } },
  ],
  [
    { name: 'MEMORY', valueFrom: { resourceFieldRef: { divisor: '1024Ki', resource: 'limits.memory' } } },
    { name: 'MEMORY', valueFrom: { resourceFieldRef: { divisor: '1Mi', resource: 'limits.memory' } } },
  ],
  [
    { name: 'A', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'p', key: 'k' } } },
    { name: 'A', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'p', key: 'k', optional: false } } },
  ],
  [
    { name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: null } } },
    { name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
  ],
  [{ name: 'EMPTY', value: '' }, { name: 'EMPTY' }],
  [{ name: 'NULL', value: null }, { name: 'NULL' }],
  [
    { name: 'A', value: 'b' },
    { name: 'A', value: 'b' },
  ],
];

test.each(variables)('a variable %j is stored as %j', (written, stored) => {
  expect(storedVariable(written)).toEqual(stored);
  expect(storedVariable(stored)).toEqual(stored);
});

describe('what says nothing, or may be switched off, is not copied', () => {
  test('in a mount', () => {
    expect(
      storedMount({
        name: 'data',
        mountPath: '/d',
        readOnly: false,
        subPath: '',
        bindMountOptions: ['nosuid'],
        recursiveReadOnly: 'Disabled',
      }),
    ).toEqual({ name: 'data', mountPath: '/d' });
  });

  test('in envFrom', () => {
    expect(storedVariables({ prefix: '', secretRef: { name: 's', optional: null } })).toEqual({
      secretRef: { name: 's' },
    });
  });

  test('in resources', () => {
    expect(storedResources({ limits: {}, requests: { cpu: 0.5, memory: '1024Mi' }, claims: [] })).toEqual({
      requests: { cpu: '500m', memory: '1Gi' },
    });
    expect(storedResources({ limits: null })).toEqual({});
  });
});
