import { scriptNames } from '../contract.ts';
import { setting } from '../restore/standby.ts';
import type { ServerAddress } from '../server-connection/server-address.ts';
import type { ServerConnection } from '../server-connection/server-connection.ts';

/** What the server beside this agent says of itself, as a standby. */
export interface StandbyServer {
  readonly inRecovery: boolean;
  readonly major: number;
  /** Whom its settings name; null where they name nobody. */
  readonly primary: ServerAddress | null;
  readonly slot: string;
  readonly streaming: boolean;
  /** It asks a store for WAL that its primary does not send (restore-command.sh). */
  readonly fetches: boolean;
}

export async function readStandbyServer(connection: ServerConnection): Promise<StandbyServer> {
  const [row] = await connection.query<{
    recovery: boolean;
    version: string;
    conninfo: string | null;
    slot: string | null;
    receiver: string | null;
    fetches: string | null;
  }>(
    `SELECT pg_catalog.pg_is_in_recovery() AS recovery, pg_catalog.current_setting('server_version_num') AS version,
            pg_catalog.current_setting('primary_conninfo', true) AS conninfo, pg_catalog.current_setting('primary_slot_name', true) AS slot,
            pg_catalog.current_setting('restore_command', true) AS fetches,
            (SELECT status FROM pg_catalog.pg_stat_wal_receiver) AS receiver`,
  );
  if (row === undefined) {
    throw new Error('the server did not say what it is');
  }
  return {
    inRecovery: row.recovery,
    major: Math.floor(Number(row.version) / 10_000),
    primary: primaryOf(row.conninfo ?? ''),
    slot: row.slot ?? '',
    streaming: row.receiver === 'streaming',
    fetches: row.fetches?.includes(scriptNames.restoreCommand) === true,
  };
}

/** Only strings of our own are read (restore/standby.ts, connectionString); somebody else's are left alone. */
function primaryOf(conninfo: string): ServerAddress | null {
  const value = (name: string): string | undefined => {
    const found = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:'((?:[^'\\\\]|\\\\.)*)'|([^\\s']+))`).exec(conninfo);
    return (found?.[1] ?? found?.[2])?.replace(/\\(.)/g, '$1');
  };
  const host = value('host');
  return host === undefined || host === '' ? null : { host, port: Number(value('port') ?? '5432') };
}

/** Taken up by a reload from version 13 on (release notes of PostgreSQL 13: primary_conninfo and primary_slot_name). */
export async function setUpstream(
  connection: ServerConnection,
  { conninfo, slot }: { readonly conninfo?: string; readonly slot: string | null },
): Promise<void> {
  if (conninfo !== undefined) {
    await connection.query(`ALTER SYSTEM SET primary_conninfo = ${setting(conninfo)}`);
  }
  await connection.query(
    slot === null ? 'ALTER SYSTEM RESET primary_slot_name' : `ALTER SYSTEM SET primary_slot_name = ${setting(slot)}`,
  );
  await connection.query('SELECT pg_catalog.pg_reload_conf()');
}

/**
 * The command that fetches what a standby follows besides a server; another one's is left alone. Reloaded from version 14 on (release notes of
 * PostgreSQL 14: restore_command). Without a reload: setUpstream makes one, and a server that was promoted asks nothing of it.
 */
export async function forgetArchive(connection: ServerConnection): Promise<void> {
  const rows = await connection.query(
    "SELECT FROM pg_catalog.pg_file_settings WHERE name = 'restore_command' AND setting LIKE '%restore-command.sh%\\%f \\%p% standby' AND sourcefile LIKE '%postgresql.auto.conf'",
  );
  if (rows.length > 0) {
    await connection.query('ALTER SYSTEM RESET restore_command');
  }
}

/**
 * A fast shutdown (PostgreSQL manual, "Shutting Down the Server"): no other container of the pod can signal the postmaster, and no SQL function
 * stops a server, but a program that it runs itself can. The working directory of a backend is PGDATA.
 */
export async function stopServer(connection: ServerConnection): Promise<void> {
  await connection.query(`COPY (SELECT 1) TO PROGRAM 'read -r pid < postmaster.pid && kill -INT "$pid"'`);
}
