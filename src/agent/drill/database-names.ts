import type pg from 'pg';

/** The databases that hold rows of somebody, by name. */
export async function databaseNames(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT datname AS name FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1',
  );
  return rows.map(({ name }) => name);
}
