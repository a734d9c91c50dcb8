import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checksPage, checksPath } from '../../scripts/write-docs/checks.ts';
import { fieldExcerpt } from '../../scripts/write-docs/field-excerpt.ts';
import { checks } from '../../src/checks/registry.ts';

const page = checksPage();

test('docs/checks.md is what the checks and their fixtures say (node scripts/write-docs/checks.ts writes it)', () => {
  expect(readFileSync(checksPath, 'utf8')).toBe(page);
});

test.each(checks.map(({ id }) => id))('%s has a section with an exact message', (id) => {
  const [, section = ''] = page.split(`\n## ${id}\n`);
  expect(section.split('\n## ')[0]).toMatch(/```text\n(deny|warn) .+\n {2}.+; wanted .+\n```/);
});

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
