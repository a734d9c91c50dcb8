import type { Log } from '../log.ts';
import { applicationName } from '../server-connection/server-address.ts';
import type { ServerConnection } from '../server-connection/server-connection.ts';

/**
 * What a restore leaves in postgresql.auto.conf after it has done its work; a later restore or standby of this data
 * directory would take it for its own (manual, "Recovery Target"). Only on a server that is out of recovery.
 * @returns the names that were cleared.
 */
export async function clearRecoveryTargets(connection: ServerConnection): Promise<string[]> {
  const rows = await connection.query<{ name: string }>(
    `SELECT DISTINCT name FROM pg_catalog.pg_file_settings
      WHERE name LIKE 'recovery\\_target%' AND sourcefile LIKE '%postgresql.auto.conf' ORDER BY name`,
  );
  const names = rows.map((row) => row.name).filter((name) => /^[a-z_]+$/.test(name));
  for (const name of names) {
    await connection.query(`ALTER SYSTEM RESET ${name}`);
  }
  if (names.length > 0) {
    await connection.query('SELECT pg_catalog.pg_reload_conf()');
  }
  return names;
}

export type SynchronousOutcome =
  | { readonly kind: 'as-wanted' }
  | { readonly kind: 'changed' }
  /** Somebody else's setting stands in the way; it is never overwritten. */
  | { readonly kind: 'conflict'; readonly message: string };

/**
 * `backup-synchronous`: synchronous_standby_names names the receiver, so that a commit waits until its WAL is fsynced in
 * the store. Set once the receiver streams, and then left alone: where receiving stops, commits wait. Taking it back at
 * that moment would break the one promise that the setting makes.
 */
export async function reconcileSynchronous(
  connection: ServerConnection,
  wanted: boolean,
  streaming: boolean,
  log: Log,
): Promise<SynchronousOutcome> {
  const [row] = await connection.query<{ value: string }>(
    `SELECT pg_catalog.current_setting('synchronous_standby_names') AS value`,
  );
  const value = row?.value ?? '';
  if (wanted && value !== '' && value !== applicationName) {
    return {
      kind: 'conflict',
      message: `synchronous_standby_names is "${value}"; wanted it unset, so that backup-synchronous can name the receiver`,
    };
  }
  if (wanted === (value === applicationName) || (wanted && !streaming)) {
    return { kind: 'as-wanted' };
  }
  await connection.query(
    wanted
      ? `ALTER SYSTEM SET synchronous_standby_names = '${applicationName}'`
      : 'ALTER SYSTEM RESET synchronous_standby_names',
  );
  await connection.query('SELECT pg_catalog.pg_reload_conf()');
  log.info({ wanted }, wanted ? 'commits now wait for the backup' : 'commits no longer wait for the backup');
  return { kind: 'changed' };
}
