import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checksPages, groupsFolder } from '../../scripts/write-docs/checks.ts';
import { fieldExcerpt } from '../../scripts/write-docs/field-excerpt.ts';
import type { Check } from '../../src/checks/check.ts';
import { groups } from '../../src/checks/registry.ts';

const pages = checksPages();
const docs = join(import.meta.dirname, '../../docs');
const index = pages.get('checks.md') ?? '';

test.each([...pages.keys()])('docs/%s is what the checks and their fixtures say (npm run docs writes it)', (path) => {
  expect(readFileSync(join(docs, path), 'utf8')).toBe(pages.get(path));
});

test('each group has its page, and there is no other', () => {
  expect(readdirSync(groupsFolder).toSorted()).toEqual(groups.map(({ folder }) => `${folder}.md`).toSorted());
});

describe.each(groups.flatMap(({ folder, checks }) => checks.map((check: Check) => ({ id: check.id, folder }))))(
  '$id',
  ({ id, folder }) => {
    test('has a section with an exact message on the page of its group', () => {
      const [, section = ''] = (pages.get(`checks/${folder}.md`) ?? '').split(`\n## ${id}\n`);
      expect(section.split('\n## ')[0]).toMatch(/```text\n(deny|warn) .+\n {2}.+; wanted .+\n```/);
    });

    // Messages say `docs/checks.md#<id>`.
    test('has its old anchor on the index, with the way to its section', () => {
      const [, line = ''] = index.split(`<a id="${id}"></a>`);
      expect(line.split('\n')[0]).toContain(`(checks/${folder}.md#${id})`);
    });
  },
);

const manifest = `
metadata:
  annotations: { postgres.io/role: On, other: x }
spec:
  containers:
    - name: web
    - name: postgres
      image: postgres
      env: [{ name: A, value: a }, { name: B, value: b }]
      volumeMounts: [{ name: data, mountPath: /data, subPath: x }]
      ports: [{ containerPort: 80 }, { containerPort: 8432, protocol: TCP }]
`;

test.each([
  ['metadata.annotations[postgres.io/role]', 'metadata:\n  annotations:\n    postgres.io/role: On'],
  [
    'spec.containers[postgres].env[B].value',
    'spec:\n  containers:\n    - name: postgres\n      env:\n        - name: B\n          value: b',
  ],
  [
    'spec.containers[postgres].volumeMounts[/data]',
    'spec:\n  containers:\n    - name: postgres\n      volumeMounts:\n        - name: data\n          mountPath: /data\n          subPath: x',
  ],
  [
    'spec.containers[postgres].ports[8432].containerPort',
    'spec:\n  containers:\n    - name: postgres\n      ports:\n        - containerPort: 8432',
  ],
  ['spec.containers[absent].image', undefined],
  ['spec.replicas', undefined],
])('the excerpt of a manifest for %s holds the way to it alone', (field, excerpt) => {
  expect(fieldExcerpt(manifest, field)).toBe(excerpt);
});
