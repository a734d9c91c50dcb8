import { z } from 'zod';
import { notAskedFor } from './dump-manifest.ts';
import type { PsqlSession } from './psql-session.ts';

/** What is asked of a server before anything is dumped. */
export interface DumpedServer {
  /** `15.18 (Debian …)` */
  readonly version: string;
  readonly major: number;
  /** Null where the login may not ask for it. */
  readonly systemId: string | null;
  readonly maxConnections: number;
  /** By name. */
  readonly databases: readonly ServerDatabase[];
}

export interface ServerDatabase {
  readonly name: string;
  readonly owner: string;
  readonly encoding: string;
  readonly size: number;
  readonly isTemplate: boolean;
  readonly takesConnections: boolean;
  /** All of pg_database: which columns say how it sorts differs from version to version. */
  readonly row: Readonly<Record<string, unknown>>;
}

const answer = z.object({
  version: z.string(),
  number: z.string(),
  system: z.string().nullable(),
  connections: z.string(),
  databases: z.array(
    z.object({
      name: z.string(),
      owner: z.string(),
      encoding: z.string(),
      size: z.number(),
      row: z.looseObject({ datistemplate: z.boolean(), datallowconn: z.boolean() }),
    }),
  ),
});

const question = `SELECT json_build_object(
  'version', current_setting('server_version'), 'number', current_setting('server_version_num'), 'connections', current_setting('max_connections'),
  'system', CASE WHEN has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
                 THEN (SELECT system_identifier::text FROM pg_catalog.pg_control_system()) END,
  'databases', (SELECT json_agg(json_build_object('name', datname, 'owner', pg_catalog.pg_get_userbyid(datdba), 'encoding', pg_catalog.pg_encoding_to_char(encoding),
      'size', CASE WHEN has_database_privilege(oid, 'CONNECT') THEN pg_catalog.pg_database_size(oid) ELSE 0 END, 'row', to_jsonb(d) - 'datacl') ORDER BY datname)
    FROM pg_catalog.pg_database AS d))`;

/** @throws with the server's words. */
export async function readServerDatabases(session: PsqlSession): Promise<DumpedServer> {
  const { version, number, system, connections, databases } = answer.parse(
    JSON.parse(await session.ask(question.replace(/\n\s*/g, ' '))),
  );
  return {
    version,
    major: Math.floor(Number(number) / 10_000),
    systemId: system,
    maxConnections: Number(connections),
    databases: databases.map(({ row, ...rest }) => ({
      ...rest,
      row,
      isTemplate: row.datistemplate,
      takesConnections: row.datallowconn,
    })),
  };
}

export interface ChosenDatabases {
  readonly dumped: readonly ServerDatabase[];
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Those that take connections and are no templates, or the ones that are named. A session in template1 would keep everybody from CREATE DATABASE for as
 * long as the dump takes, so templates are dumped where they are named only.
 * @throws where one that is named is not there, or takes no connections.
 */
export function chooseDatabases(server: DumpedServer, named: readonly string[]): ChosenDatabases {
  for (const name of named) {
    const found = server.databases.find((database) => database.name === name);
    if (found === undefined) {
      const names = server.databases.map((database) => JSON.stringify(database.name)).join(', ');
      throw new Error(`there is no database ${JSON.stringify(name)}; wanted one of ${names}`);
    }
    if (!found.takesConnections) {
      throw new Error(
        `database ${JSON.stringify(name)} takes no connections (datallowconn); nothing can be dumped of it`,
      );
    }
  }
  const dumped: ServerDatabase[] = [];
  const leftOut: { name: string; reason: string }[] = [];
  for (const database of server.databases) {
    const reason = named.length > 0 ? (named.includes(database.name) ? null : notAskedFor) : leftOutBecause(database);
    if (reason === null) dumped.push(database);
    else leftOut.push({ name: database.name, reason });
  }
  return { dumped, leftOut };
}

function leftOutBecause({ isTemplate, takesConnections }: ServerDatabase): string | null {
  if (!takesConnections) return 'it takes no connections';
  return isTemplate ? 'it is a template' : null;
}

/** @throws where the programs are older than the server, which would turn them away for each database, one after the other. */
export function refuseOlderClient(server: Pick<DumpedServer, 'version' | 'major'>, client: number): void {
  if (client < server.major) {
    throw new Error(
      `the server is PostgreSQL ${server.version}, and pg_dump is of version ${client}, which cannot dump a newer server; wanted the programs of PostgreSQL ${server.major} or newer. Nothing was dumped`,
    );
  }
}
