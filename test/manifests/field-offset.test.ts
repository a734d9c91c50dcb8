import { expect, test } from 'vitest';
import { fieldOffset } from '../../src/manifests/field-offset.ts';
import { readManifests } from '../../src/manifests/read-manifests.ts';

/** The text from where the field begins to the end of its line. */
function found(text: string, field: string, items: readonly number[] = []): string | undefined {
  const read = readManifests(text);
  const document = read.kind === 'read' ? read.documents[0] : undefined;
  if (document === undefined) throw new Error('no document');
  return document.source.slice(fieldOffset(document, items, field)).split('\n')[0];
}

const manifest = `# A comment.
metadata:
  annotations: { postgres.io/role: On, other: x }
base: &base
  image: postgres
spec:
  containers:
    - name: web
    - <<: *base
      name: postgres
      env: [{ name: A, value: a }, { name: B, value: b }]
      volumeMounts:
        - mountPath: /data
          name: data
      ports: [{ containerPort: 8432 }]
  claims:
    - metadata: { name: data }
      spec: {}
  copy: *base
`;

test.each([
  ['metadata.annotations[postgres.io/role]', 'postgres.io/role: On, other: x }'],
  ['spec.containers[postgres].env[B].value', 'value: b }]'],
  ['spec.containers[postgres].volumeMounts[/data]', 'mountPath: /data'],
  ['spec.containers[postgres].ports[8432].containerPort', 'containerPort: 8432 }]'],
  ['spec.containers[postgres].image', 'image: postgres'],
  ['spec.claims[data].spec', 'spec: {}'],
  ['spec.copy.image', 'image: postgres'],
  // What is not written: the nearest around it.
  ['spec.containers[postgres].args', '<<: *base'],
  ['metadata.annotations[postgres.io/container]', 'annotations: { postgres.io/role: On, other: x }'],
  ['spec.replicas', 'spec:'],
  ['namespace metadata.annotations[x]', 'metadata:'],
])('%s begins at %s', (field, text) => {
  expect(found(manifest, field)).toBe(text);
});

test('in JSON, and in the items of a List', () => {
  const list = { items: [{ kind: 'A' }, { kind: 'B', spec: { replicas: 2 } }] };
  expect(found(JSON.stringify(list), 'spec.replicas', [1])).toBe('"replicas":2}}]}');
  expect(found('items:\n- kind: A\n- kind: B\n  spec:\n    replicas: 2\n', 'spec.replicas', [1])).toBe('replicas: 2');
});
