import type { Credentials } from '../server-connection/credentials.ts';
import type { ServerAddress } from '../server-connection/server-address.ts';
import { connectForLong } from '../server-connection/server-connection.ts';
import { databaseNames } from './database-names.ts';

/** Rows of one table, as `pgusher-agent count-rows` says them: `rows` is null where no database has that table. */
export interface CountedTable {
  readonly table: string;
  readonly rows: number | null;
}

/**
 * Counts the rows of tables that are named `table`, `schema.table` or `database.schema.table`, quoted as SQL has it where that is needed. One
 * without a database is looked for in all of them, and counted in each that has it.
 * @throws where the server does not answer, or refuses to count.
 */
export async function countRows(
  address: ServerAddress,
  credentials: Credentials,
  tables: readonly string[],
): Promise<readonly CountedTable[]> {
  const first = await connectForLong(address, credentials);
  const databases = await databaseNames(first).finally(() => first.end());
  const counted = new Map<string, number>();
  const found = new Set<string>();
  for (const name of databases) {
    const client = await connectForLong(address, credentials, name);
    try {
      for (const table of tables) {
        const {
          rows: [one],
        } = await client.query<{ full: string | null; inside: string | null }>(placeOf, [table, name]);
        if (one === undefined || one.full === null || one.inside === null) continue;
        const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM ${one.inside}`);
        counted.set(one.full, Number(rows[0]?.count ?? '0'));
        found.add(table);
      }
    } finally {
      await client.end();
    }
  }
  return [
    ...[...counted].map(([table, rows]) => ({ table, rows })),
    ...tables.filter((table) => !found.has(table)).map((table) => ({ table, rows: null })),
  ];
}

/** The table that a name means in the database that is connected to: two parts of three are looked up where the first is that database. */
const placeOf = `
  SELECT pg_catalog.format('%I.%I.%I', $2::text, nspname, relname) AS full, pg_catalog.format('%I.%I', nspname, relname) AS inside
  FROM (SELECT pg_catalog.parse_ident($1::text) AS parts) AS named
  JOIN pg_catalog.pg_class ON pg_class.oid = pg_catalog.to_regclass(
    CASE pg_catalog.array_length(parts, 1)
      WHEN 1 THEN pg_catalog.format('%I', parts[1])
      WHEN 2 THEN pg_catalog.format('%I.%I', parts[1], parts[2])
      WHEN 3 THEN CASE WHEN parts[1] = $2::text THEN pg_catalog.format('%I.%I', parts[2], parts[3]) END
    END)
  JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace`;
