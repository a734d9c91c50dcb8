import { identifier, literal } from './psql-session.ts';
import type { DumpedDatabase } from './dump-manifest.ts';

/**
 * CREATE DATABASE as the one that was dumped: encoding and how it sorts. The columns of pg_database changed: `datlocprovider` came with 15, `daticulocale` of
 * 15 and 16 is `datlocale` from 17 on, where there is the provider `builtin` too. A server that is older than these words refuses them.
 */
export function createDatabase(
  name: string,
  { encoding, owner, row }: Pick<DumpedDatabase, 'encoding' | 'owner' | 'row'>,
  options: { readonly owner: boolean },
): string {
  const text = (column: string): string | undefined => {
    const value = row[column];
    return typeof value === 'string' ? value : undefined;
  };
  const provider = { i: 'icu', b: 'builtin' }[text('datlocprovider') ?? ''];
  const locale = text('datlocale') ?? text('daticulocale');
  const rules = text('daticurules');
  return [
    `CREATE DATABASE ${identifier(name)} TEMPLATE template0 ENCODING${literal(encoding)}`,
    ...clause('LC_COLLATE', text('datcollate')),
    ...clause('LC_CTYPE', text('datctype')),
    ...(provider === undefined ? [] : [`LOCALE_PROVIDER ${provider}`]),
    ...(provider === 'icu' ? clause('ICU_LOCALE', locale) : []),
    ...(provider === 'builtin' ? clause('BUILTIN_LOCALE', locale) : []),
    ...(provider === 'icu' ? clause('ICU_RULES', rules) : []),
    ...(options.owner ? [`OWNER ${identifier(owner)}`] : []),
  ].join(' ');
}

function clause(word: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [`${word}${literal(value)}`];
}
