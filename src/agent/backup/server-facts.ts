import type { ServerConnection } from '../server-connection/server-connection.ts';
import { standbyLimits } from '../../workload/standby-limits.ts';
import type { LearnedSystem } from '../store/identity.ts';

export interface ServerFacts extends LearnedSystem {
  readonly timeline: number;
  readonly inRecovery: boolean;
}

export async function readServerFacts(connection: ServerConnection): Promise<ServerFacts> {
  // The timeline is an int4 up to version 15 and an int8 from 16 on, which the driver hands over as text.
  const [system] = await connection.query<{ systemid: string; timeline: number | string }>('IDENTIFY_SYSTEM');
  const [facts] = await connection.query<{ version: string; segment: string; recovery: boolean }>(
    `SELECT current_setting('server_version_num') AS version, pg_is_in_recovery() AS recovery,
            (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'wal_segment_size') AS segment`,
  );
  if (system === undefined || facts === undefined) {
    throw new Error('the server did not say who it is');
  }
  return {
    systemId: system.systemid,
    timeline: Number(system.timeline),
    major: Math.floor(Number(facts.version) / 10_000),
    segmentSize: Number(facts.segment),
    inRecovery: facts.recovery,
  };
}

/** The limits that a server in recovery must have at least as high as the one that wrote the WAL. */
export async function readSensitiveSettings(connection: ServerConnection): Promise<Record<string, number>> {
  const rows = await connection.query<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_catalog.pg_settings
      WHERE name IN (${Object.keys(standbyLimits)
        .map((name) => `'${name}'`)
        .join(', ')}) ORDER BY name`,
  );
  return Object.fromEntries(rows.map((row) => [row.name, Number(row.setting)]));
}

export async function readTablespaces(connection: ServerConnection): Promise<{ oid: string; location: string }[]> {
  const rows = await connection.query<{ oid: string; location: string }>(
    `SELECT oid::text, pg_catalog.pg_tablespace_location(oid) AS location FROM pg_catalog.pg_tablespace
      WHERE spcname NOT IN ('pg_default', 'pg_global') ORDER BY oid`,
  );
  return rows.map(({ oid, location }) => ({ oid, location }));
}
