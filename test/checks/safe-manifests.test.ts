import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { isObject } from '../../src/workload/json.ts';
import { judge, workloadOf } from './check-fixture.ts';

/** Nothing that a careful engineer would apply is refused: the examples, and every situation of the injection's golden files. */
const root = join(import.meta.dirname, '../..');
const manifests = globSync(['examples/*.yaml', 'test/fixtures/injection/*/in.yaml'], { cwd: root }).toSorted();

test('there are manifests', () => {
  expect(manifests.length).toBeGreaterThan(15);
});

test.each(manifests)('%s is refused by nothing, when created and when labelled', (manifest) => {
  const documents = parseAllDocuments(readFileSync(join(root, manifest), 'utf8'));
  const sets = (Array.isArray(documents) ? documents : [])
    .map((document) => document.toJS() as unknown)
    .filter(isObject)
    .filter(({ kind }) => kind === 'StatefulSet');
  expect(sets).not.toEqual([]);
  for (const set of sets) {
    const after = workloadOf(set);
    const created = judge({ after, before: undefined });
    expect(created.filter(({ severity }) => severity === 'deny')).toEqual([]);
    // Applied again without a change.
    expect(judge({ after, before: after }).filter(({ severity }) => severity === 'deny')).toEqual([]);
  }
});
