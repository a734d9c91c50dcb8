import { z } from 'zod';
import type { PsqlSession } from './psql-session.ts';

const list = z.array(z.string());

/**
 * What a database holds that is somebody's, up to five of it, for a message; empty: nothing. What initdb made has an oid below 16384; plpgsql comes with it.
 */
export async function contentsOf(session: PsqlSession): Promise<readonly string[]> {
  const statement = `SELECT coalesce(json_agg(what), '[]') FROM (
    SELECT 'extension ' || extname AS what FROM pg_catalog.pg_extension WHERE oid >= 16384
    UNION ALL SELECT 'schema ' || nspname FROM pg_catalog.pg_namespace WHERE oid >= 16384 AND nspname !~ '^pg_'
    UNION ALL SELECT 'relation ' || oid::regclass FROM pg_catalog.pg_class WHERE oid >= 16384 AND relkind IN ('r', 'v', 'm', 'S', 'f', 'p') AND relpersistence <> 't'
    UNION ALL SELECT 'function ' || oid::regprocedure FROM pg_catalog.pg_proc WHERE oid >= 16384
    UNION ALL SELECT 'type ' || oid::regtype FROM pg_catalog.pg_type WHERE oid >= 16384 AND typrelid = 0 AND typelem = 0
    UNION ALL SELECT 'large object ' || oid FROM pg_catalog.pg_largeobject_metadata
    LIMIT 5) AS found`;
  return list.parse(JSON.parse(await session.ask(oneLine(statement))));
}

/** Which of these relations are there already: `schema.table`, or a table of any schema. */
export async function relationsThere(session: PsqlSession, names: readonly string[]): Promise<readonly string[]> {
  const wanted = names.map((name) => `'${name.replace(/'/g, "''")}'`).join(', ');
  const statement = `SELECT coalesce(json_agg(oid::regclass::text), '[]') FROM pg_catalog.pg_class
    WHERE oid >= 16384 AND relkind IN ('r', 'v', 'm', 'S', 'f', 'p') AND relname IN (${wanted})`;
  return list.parse(JSON.parse(await session.ask(oneLine(`SET standard_conforming_strings = on; ${statement}`))));
}

const server = z.tuple([z.number(), list, z.string()]);

export interface LoadServer {
  readonly major: number;
  readonly databases: readonly string[];
  /** Who is logged in. */
  readonly user: string;
}

export async function readLoadServer(session: PsqlSession): Promise<LoadServer> {
  const [number, databases, user] = server.parse(
    JSON.parse(
      await session.ask(
        oneLine(`SELECT json_build_array(current_setting('server_version_num')::int,
          (SELECT json_agg(datname) FROM pg_catalog.pg_database), current_user)`),
      ),
    ),
  );
  return { major: Math.floor(number / 10_000), databases, user };
}

function oneLine(statement: string): string {
  return statement.replace(/\n\s*/g, ' ');
}
