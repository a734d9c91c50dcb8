import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { patched } from '../../src/manifests/kustomize-patch.ts';

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: pgusher
spec:
  # Kept.
  args: [a, b]
`;
const after = (text: string, target?: { readonly kind?: string; readonly group?: string }): string | undefined =>
  patched(parseDocument(deployment), { text, ...(target === undefined ? {} : { target }) })?.toString({
    flowCollectionPadding: false,
  });

describe('a JSON Patch', () => {
  test('puts an item where it is said, and keeps the comments', () => {
    const operations = [
      { op: 'test', path: '/spec/args/0', value: 'a' },
      { op: 'replace', path: '/spec/args/0', value: 'x' },
      { op: 'add', path: '/spec/args/1', value: 'y' },
      { op: 'add', path: '/spec/args/-', value: 'z' },
      { op: 'add', path: '/metadata/annotations', value: { 'a/b': 'c' } },
    ];
    const text = after(JSON.stringify(operations)) ?? '';
    expect(text).toContain('# Kept.\n  args: [x, y, b, z]');
    expect(text).toContain('annotations:\n    a/b: c');
  });

  test('is for its target alone: group, kind and name as they are there', () => {
    const operations = JSON.stringify([{ op: 'replace', path: '/metadata/name', value: 'other' }]);
    expect(after(operations, { group: 'apps', kind: 'Deployment' })).toContain('name: other');
    expect(after(operations, { group: 'batch' })).toBe(deployment);
  });

  test('that tests for something else, or wants what is not known here, is an error and not a guess', () => {
    expect(() => after('[{ op: test, path: /spec/args/0, value: b }]')).toThrow('/spec/args/0 is not "b"');
    expect(() => after('[{ op: move, path: /a, from: /b }]')).toThrow('not one of test, replace, add');
  });
});

describe('a strategic merge', () => {
  const head = 'kind: Deployment\nmetadata: { name: pgusher }\n';

  test('adds to maps, and deletes what it says', () => {
    expect(after(`${head}spec: { template: { a: b } }`)).toContain('template:\n    a: b');
    expect(after(`${head}$patch: delete`)).toBeUndefined();
    expect(after('kind: Deployment\nmetadata: { name: other }\n$patch: delete')).toBe(deployment);
  });

  test('of lists is an error: how they merge depends on the kind', () => {
    expect(() => after(`${head}spec: { args: [c] }`)).toThrow('spec.args: a list in a strategic merge');
  });
});
