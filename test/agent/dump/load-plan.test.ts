import { describe, expect, it } from 'vitest';
import { createDatabase } from '../../../src/agent/dump/create-database.ts';
import { parseDumpManifest } from '../../../src/agent/dump/dump-manifest.ts';
import { planLoad, withoutRole } from '../../../src/agent/dump/load-plan.ts';
import { connectionTo, identifier, literal } from '../../../src/agent/dump/psql-session.ts';
import { manifestOf } from './manifest-of.ts';

const all = { database: null, tables: [], into: null, globals: false };

describe('what is loaded', () => {
  const dump = manifestOf(1, ['a', 'b']);

  it('is all, each under its own name; what is there is not made', () => {
    expect(planLoad(dump, all, ['b', 'postgres']).map(({ target, make }) => [target, make])).toEqual([
      ['a', true],
      ['b', false],
    ]);
  });

  it('is one, under another name', () => {
    expect(
      planLoad(dump, { ...all, database: 'b', into: 'c' }, ['b']).map(({ target, make }) => [target, make]),
    ).toEqual([['c', true]]);
  });

  it.each([
    [{ ...all, database: 'x' }, 'dump 20261201T120000Z has no database "x"; wanted one of "a", "b"'],
    [{ ...all, into: 'c' }, '--into names one database, and the dump has 2; wanted --database beside it'],
    [{ ...all, tables: ['t'] }, '--table is of one database, and the dump has 2; wanted --database beside it'],
  ])('%j is refused', (wish, message) => {
    expect(() => planLoad(dump, wish, [])).toThrow(message);
  });

  it('is nothing of a database that failed, which says where to look', () => {
    expect(() => planLoad(manifestOf(1, ['a', 'b!']), all, [])).toThrow(
      'database "b" is not in dump 20261201T120000Z: it broke. Wanted an older dump of it',
    );
    expect(planLoad(manifestOf(1, ['a', 'b!']), { ...all, database: 'a' }, [])).toHaveLength(1);
  });

  it('is no table of SQL', () => {
    expect(() => planLoad({ ...manifestOf(1, ['a']), archives: 'plain' }, { ...all, tables: ['t'] }, [])).toThrow(
      'a dump of format plain can only be loaded as a whole',
    );
  });
});

describe('roles', () => {
  const text = [
    'CREATE ROLE postgres;',
    "ALTER ROLE postgres WITH SUPERUSER PASSWORD 'SCRAM…';",
    'CREATE ROLE postgres2;',
    'ALTER ROLE postgres2 WITH LOGIN;',
    'CREATE ROLE "a ""b""";',
    'ALTER ROLE "a ""b""" WITH LOGIN;',
    "ALTER ROLE postgres SET work_mem TO '8MB';",
  ].join('\n');

  it('are all but that of who loads: the login of now would get the password of then', () => {
    expect(withoutRole(text, 'postgres').split('\n')).toEqual(text.split('\n').slice(2));
    expect(withoutRole(text, 'a "b"').split('\n')).toEqual([...text.split('\n').slice(0, 4), text.split('\n')[6]]);
  });
});

describe('a database is made again', () => {
  const made = (row: Record<string, unknown>) =>
    createDatabase('x', { encoding: 'UTF8', owner: 'o"w', row }, { owner: true });

  it('of 13', () => {
    expect(made({ datcollate: "de_DE's", datctype: 'C' })).toBe(
      `CREATE DATABASE "x" TEMPLATE template0 ENCODING E'UTF8' LC_COLLATE E'de_DE''s' LC_CTYPE E'C' OWNER "o""w"`,
    );
  });

  it.each([
    [{ datlocprovider: 'c', datcollate: 'C', datctype: 'C', daticulocale: null }, ''],
    [
      { datlocprovider: 'i', datcollate: 'C', datctype: 'C', daticulocale: 'de' },
      " LOCALE_PROVIDER icu ICU_LOCALE E'de'",
    ],
    [
      { datlocprovider: 'i', datcollate: 'C', datctype: 'C', datlocale: 'de', daticurules: '&a<b' },
      " LOCALE_PROVIDER icu ICU_LOCALE E'de' ICU_RULES E'&a<b'",
    ],
    [
      { datlocprovider: 'b', datcollate: 'C', datctype: 'C', datlocale: 'C.UTF-8' },
      " LOCALE_PROVIDER builtin BUILTIN_LOCALE E'C.UTF-8'",
    ],
  ])('of 15 and newer, %j', (row, provider) => {
    expect(made(row)).toBe(
      `CREATE DATABASE "x" TEMPLATE template0 ENCODING E'UTF8' LC_COLLATE E'C' LC_CTYPE E'C'${provider} OWNER "o""w"`,
    );
  });
});

describe('names in what is run', () => {
  it('are quoted where they stand', () => {
    expect([identifier('a"b'), literal("a'b\\"), connectionTo("a'b\\ c=d")]).toEqual([
      '"a""b"',
      " E'a''b\\\\'",
      "dbname='a\\'b\\\\ c=d'",
    ]);
  });
});

describe('DUMP.json', () => {
  it('is read as it was written', () => {
    expect(parseDumpManifest(JSON.stringify(manifestOf(1, ['a', 'b!'])))).toEqual(manifestOf(1, ['a', 'b!']));
  });

  it.each(['../x', '/etc/passwd', 'a/../../x'])('names nothing outside the dump: %s', (file) => {
    const dump = manifestOf(1, ['a']);
    const [database] = dump.databases;
    const bad = { ...dump, databases: [{ ...database, files: [{ file, size: 1, sha256: 'x' }] }] };
    expect(parseDumpManifest(JSON.stringify(bad))).toBe(`it names ${file}, which is outside the dump`);
  });

  it('that is cut off says so', () => {
    expect(parseDumpManifest('{"format": 1,')).toMatch(/^not JSON/);
    expect(parseDumpManifest('{"format": 2}')).toMatch(/format|Invalid/);
  });
});
