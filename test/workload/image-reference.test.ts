import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseImageReference } from '../../src/workload/image-reference.ts';

const sha = `sha256:${'0123456789abcdef'.repeat(4)}`;

test.each([
  ['postgres', undefined, 'postgres', undefined, undefined],
  ['postgres:17.6-bookworm', undefined, 'postgres', '17.6-bookworm', undefined],
  ['library/postgres:17', undefined, 'library/postgres', '17', undefined],
  ['docker.io/library/postgres:17', 'docker.io', 'library/postgres', '17', undefined],
  ['localhost/postgres', 'localhost', 'postgres', undefined, undefined],
  ['localhost:5000/postgres:17', 'localhost:5000', 'postgres', '17', undefined],
  ['registry.corp:5000/mirror/library/postgres', 'registry.corp:5000', 'mirror/library/postgres', undefined, undefined],
  ['Registry/postgres', 'Registry', 'postgres', undefined, undefined],
  ['10.0.0.1:443/a/b:c', '10.0.0.1:443', 'a/b', 'c', undefined],
  ['[2001:db8::1]:5000/postgres:17', '[2001:db8::1]:5000', 'postgres', '17', undefined],
  [`postgres@${sha}`, undefined, 'postgres', undefined, sha],
  [`ghcr.io/postgis/postgis:17-3.5@${sha}`, 'ghcr.io', 'postgis/postgis', '17-3.5', sha],
  ['a__b/c-d.e/f---g:_x', undefined, 'a__b/c-d.e/f---g', '_x', undefined],
])('%s is taken apart', (text, registry, repository, tag, digest) => {
  expect(parseImageReference(text)).toEqual({ text, registry, repository, tag, digest });
});

test.each([
  '',
  ' postgres',
  'postgres 17',
  'Postgres:17',
  'postgres:',
  'postgres:-17',
  'postgres:1:7',
  `postgres:${'x'.repeat(129)}`,
  'postgres@sha256:short',
  `postgres@${sha.slice(0, -1)}`,
  `postgres@${sha}0`,
  `postgres@${sha.toUpperCase()}`,
  `postgres@sha256:${'A'.repeat(64)}`,
  `postgres@sha1:${'a'.repeat(40)}`,
  `postgres@md5:${'a'.repeat(32)}`,
  'a'.repeat(250),
  'a'.repeat(64),
  `postgres@${sha}@${sha}`,
  '/postgres',
  'postgres/',
  'a//b',
  'a___b',
  '-a',
  'registry.corp:port/postgres',
  '-registry.corp/postgres',
  'x'.repeat(256),
  'https://docker.io/postgres',
  '$(IMAGE)',
])('%j is no image reference', (text) => {
  expect(parseImageReference(text)).toBeUndefined();
});

const pathPart = fc.stringMatching(/^[a-z0-9]{1,8}([._-][a-z0-9]{1,4})?$/);
const reference = fc.record({
  registry: fc.option(fc.constantFrom('localhost', 'ghcr.io', 'registry.corp:5000', '[::1]:80'), { nil: undefined }),
  path: fc.array(pathPart, { minLength: 1, maxLength: 4 }),
  tag: fc.option(fc.stringMatching(/^\w[\w.-]{0,20}$/), { nil: undefined }),
  digest: fc.option(fc.constant(sha), { nil: undefined }),
});

test('what is put together from parts comes apart into them', () => {
  fc.assert(
    fc.property(reference, ({ registry, path, tag, digest }) => {
      // A first folder with a dot would be a registry.
      fc.pre(registry !== undefined || path.length === 1 || !/[.]|^localhost$/.test(path[0] ?? ''));
      const repository = path.join('/');
      const text = [
        registry === undefined ? '' : `${registry}/`,
        repository,
        tag === undefined ? '' : `:${tag}`,
        digest === undefined ? '' : `@${digest}`,
      ].join('');
      expect(parseImageReference(text)).toEqual({ text, registry, repository, tag, digest });
    }),
  );
});

test('any text is either taken apart or refused, and hostile ones in no time', () => {
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => parseImageReference(text)?.text !== ''));
  const begun = performance.now();
  for (const text of ['a-'.repeat(50_000), 'a.'.repeat(50_000), `a/${'-'.repeat(100_000)}`, ':'.repeat(100_000)]) {
    expect(parseImageReference(text)).toBeUndefined();
  }
  expect(performance.now() - begun).toBeLessThan(10_000);
});
