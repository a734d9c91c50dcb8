import type pg from 'pg';
import { readRestoreRecord } from '../restore/restore-record.ts';
import type { Credentials } from '../server-connection/credentials.ts';
import type { ServerAddress } from '../server-connection/server-address.ts';
import { connectForLong } from '../server-connection/server-connection.ts';
import { databaseNames } from './database-names.ts';

/** What `pgusher-agent read-tables` found: one line of JSON. */
export interface TablesRead {
  /** Id of the base backup that the data was restored from; null where it was not. */
  readonly backup: string | null;
  readonly timeline: number;
  readonly lsn: string;
  /** Of the last transaction that recovery replayed, ISO 8601; null where it replayed none. */
  readonly lastCommit: string | null;
  readonly databases: readonly DatabaseRead[];
}

export interface DatabaseRead {
  readonly name: string;
  /** On disk, with indexes. */
  readonly bytes: number;
  /** Those of the user, and their rows; the catalog's are read too. */
  readonly tables: number;
  readonly rows: number;
  /** What could not be read, each with the server's words. */
  readonly damaged: readonly { readonly table: string; readonly reason: string }[];
}

/**
 * Reads each table of each database to its last value (COPY gives out what is stored out of line too), the catalog's among them. What is
 * not stored here (foreign tables, views) is not asked for. Needs a superuser, since the server itself writes to its /dev/null.
 * @throws where the server does not answer.
 */
export async function readTables(
  address: ServerAddress,
  credentials: Credentials,
  dataDirectory: string,
): Promise<TablesRead> {
  const record = await readRestoreRecord(dataDirectory);
  const first = await connectForLong(address, credentials);
  try {
    const [state] = await rowsOf<{ timeline: number; lsn: string; last: string | null }>(
      first,
      `SELECT (SELECT timeline_id FROM pg_catalog.pg_control_checkpoint()) AS timeline,
              CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                   ELSE pg_catalog.pg_current_wal_lsn() END::text AS lsn,
              pg_catalog.to_char(pg_catalog.pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS last`,
    );
    const databases: DatabaseRead[] = [];
    for (const name of await databaseNames(first)) {
      databases.push(await readDatabase(address, credentials, name));
    }
    return {
      backup: record?.backup ?? null,
      timeline: state?.timeline ?? 0,
      lsn: state?.lsn ?? '',
      lastCommit: state?.last ?? null,
      databases,
    };
  } finally {
    await first.end();
  }
}

interface Table {
  readonly name: string;
  readonly statement: string;
  readonly own: boolean;
}

async function readDatabase(address: ServerAddress, credentials: Credentials, name: string): Promise<DatabaseRead> {
  const client = await connectForLong(address, credentials, name);
  try {
    const [size] = await rowsOf<{ bytes: string }>(
      client,
      'SELECT pg_catalog.pg_database_size(pg_catalog.current_database())::text AS bytes',
    );
    // What a view would fetch from elsewhere is not stored: `m` has its rows here. Before PostgreSQL 18 COPY takes no materialised view by its name.
    const tables = await rowsOf<Table & pg.QueryResultRow>(
      client,
      `SELECT pg_catalog.format('%I.%I', nspname, relname) AS name,
              pg_catalog.format(CASE relkind WHEN 'm' THEN 'COPY (SELECT * FROM %I.%I) TO ''/dev/null''' ELSE 'COPY %I.%I TO ''/dev/null''' END, nspname, relname) AS statement,
              nspname NOT IN ('pg_catalog', 'information_schema') AS own
       FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
       WHERE (relkind = 'r' OR relkind = 'm' AND relispopulated) AND relpersistence <> 't' AND nspname <> 'pg_toast'
       ORDER BY 1`,
    );
    let rows = 0;
    const damaged: { table: string; reason: string }[] = [];
    for (const { name: table, statement, own } of tables) {
      try {
        const { rowCount } = await client.query(statement);
        rows += own ? (rowCount ?? 0) : 0;
      } catch (error) {
        // A server that is gone says so for every table that is left: that is one failure, not hundreds.
        if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) throw error;
        damaged.push({ table, reason: error.message });
      }
    }
    const count = tables.filter(({ own }) => own).length;
    return { name, bytes: Number(size?.bytes ?? '0'), tables: count, rows, damaged };
  } finally {
    await client.end();
  }
}

async function rowsOf<Row extends pg.QueryResultRow>(client: pg.Client, statement: string): Promise<readonly Row[]> {
  return (await client.query<Row>(statement)).rows;
}
