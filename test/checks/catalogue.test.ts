import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Check } from '../../src/checks/check.ts';
import { catalogueOf, checkIds, checks, groups } from '../../src/checks/registry.ts';
import { fixtureFiles, fixtureFolders, fixtureText } from './check-fixture.ts';

const place = join(import.meta.dirname, '../../src/checks');

/** What stands beside the checks of its group and is none. */
const machinery = [
  'claims/claim-template-snippet.ts',
  'deletion/dated-escape.ts',
  'deletion/deletion.ts',
  'parameters/parameter-value.ts',
  'parameters/unsafe-parameter.ts',
  'replication/pod-labels.ts',
  'replication/primary-address.ts',
  'security/secret-references.ts',
  'settings/setting-problem.ts',
  'start/copied-by-script.ts',
  'start/data-deciders.ts',
  'start/handler-commands.ts',
  'start/instead-of-copying.ts',
  'start/own-commands.ts',
  'storage/bound-volume.ts',
  'storage/data-storage-class.ts',
  'storage/hidden-pgdata.ts',
  'storage/share-provisioners.ts',
];

test('each check is in the list of its group, in a file of its name', () => {
  const listed = groups.flatMap(({ folder, checks: own }) => own.map(({ id }) => `${folder}/${id}.ts`));
  const files = readdirSync(place, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(join(place, name)).map((file) => `${name}/${file}`))
    .filter((file) => !file.endsWith('/group.ts') && !machinery.includes(file));
  expect(listed.toSorted()).toEqual(files.toSorted());
});

test('each folder of fixtures belongs to a check', () => {
  expect(fixtureFolders()).toEqual(checkIds.toSorted());
});

describe.each(checks.map((check: Check) => ({ id: check.id, check })))('$id', ({ id, check }) => {
  const files = fixtureFiles(id);

  test('has a fixture that it accepts and one that it finds something in', () => {
    expect(files.filter((file) => file.startsWith('accepts-'))).not.toEqual([]);
    const wanted = check.severity === 'deny' ? 'rejects-' : 'warns-';
    expect(files.filter((file) => file.startsWith(wanted))).not.toEqual([]);
  });

  test('has no file that belongs to no fixture', () => {
    const fixtures = files.filter((file) => /^(accepts|rejects|warns)-[a-z0-9-]+\.yaml$/.test(file));
    const expected = fixtures.flatMap((file) => [
      file,
      ...(file.startsWith('accepts-') ? [] : [file.replace(/yaml$/, 'verdict.yaml')]),
      ...files.filter((candidate) =>
        ['before.yaml', 'cluster.yaml', 'config.yaml', 'delete.yaml'].some(
          (part) => candidate === file.replace(/yaml$/, part),
        ),
      ),
    ]);
    expect(files).toEqual(expected.toSorted());
  });

  test('has fixtures that say why they exist', () => {
    const silent = files.filter(
      (file) => !file.endsWith('.verdict.yaml') && !/^# \S.*\.\n/.test(fixtureText(id, file)),
    );
    expect(silent).toEqual([]);
  });

  test('explains itself in whole sentences', () => {
    for (const text of [check.summary, check.because, check.instead]) expect(text).toMatch(/^\S.*[.)]$/);
  });
});

describe('the registry', () => {
  const first: Check = groups[0].checks[0];

  test('refuses two checks of one id', () => {
    expect(() => catalogueOf([first, { ...first }])).toThrow('two checks have the id "unreadable-field"');
  });

  test('refuses an id that is no kebab-case word', () => {
    expect(() => catalogueOf([{ ...first, id: 'Fsync_Off' }])).toThrow('check id "Fsync_Off" is not kebab-case');
  });

  test('refuses a check that looks at nothing', () => {
    const { id, severity, summary, because, instead } = first;
    const idle = { id, severity, summary, because, instead };
    expect(() => catalogueOf([idle])).toThrow('check "unreadable-field" examines nothing');
  });
});
