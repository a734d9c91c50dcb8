import { readFile } from 'node:fs/promises';
import type pg from 'pg';
import { readReplicationLogin } from '../restore/replication-login.ts';
import { beQuiet, execute } from '../server-connection/quiet-statement.ts';
import { connectBriefly } from '../server-connection/server-connection.ts';
import { withReplicationLines } from './hba-block.ts';
import { replaceFile } from './replace-file.ts';
import { canVerify, isVerifierOf, scramVerifier } from './scram-verifier.ts';
import type { AgentContext, Connected } from './session.ts';

/**
 * The role that standbys connect as and its line in pg_hba.conf: what replication.sh does at the first start, so that an
 * adopted database, a restored one and a rotated password get it too.
 * @throws with what stands in the way.
 */
export async function reconcileReplication(
  { contract, edges }: Pick<AgentContext, 'contract' | 'edges'>,
  connected: Pick<Connected, 'address' | 'credentials'>,
): Promise<void> {
  if (contract.replication === null) {
    return;
  }
  const { user: role, password } = await readReplicationLogin(edges.replicationSecret);
  const client = await connectBriefly(connected.address, connected.credentials);
  try {
    if (await reconcileRole(client, role, password)) {
      edges.log.info({ role }, 'the replication role was brought in line with its Secret');
    }
    if (await reconcileHba(client, role, contract.replication.network)) {
      edges.log.info({ role }, 'pg_hba.conf lets the replication role in');
    }
  } finally {
    await client.end();
  }
}

/** What says that a role is ours to change; replication.sh writes the same. */
const ownComment = 'replication role of pgusher';

interface FoundRole {
  readonly logs_in: boolean;
  readonly replicates: boolean;
  readonly verifier: string | null;
  readonly is_ours: boolean;
}

/**
 * A role that pgusher did not make gets REPLICATION and nothing else: with the superuser's name in the Secret, its password
 * would be overwritten.
 * @returns whether anything was changed.
 * @throws where the role is somebody's and cannot log in with the Secret's password.
 */
export async function reconcileRole(client: pg.Client, role: string, password: string): Promise<boolean> {
  const found = await client.query<FoundRole>(
    `SELECT rolcanlogin AS logs_in, rolreplication AS replicates, rolpassword AS verifier,
            coalesce(pg_catalog.shobj_description(oid, 'pg_authid'), '') = $2 AS is_ours
       FROM pg_catalog.pg_authid WHERE rolname = $1`,
    [role, ownComment],
  );
  const [row] = found.rows;
  const logsIn = row?.logs_in === true && isVerifierOf(row.verifier, password);
  if (logsIn && row.replicates) {
    return false;
  }
  if (Buffer.byteLength(role) > 63) {
    throw new Error(`the replication user has ${Buffer.byteLength(role)} bytes; wanted at most 63 (NAMEDATALEN)`);
  }
  await beQuiet(client);
  if (row?.is_ours === false) {
    if (!row.replicates) {
      await execute(client, 'ALTER ROLE %I REPLICATION', [role]);
    }
    if (!logsIn) {
      throw new Error(
        `the role "${role}" of the replication Secret was not made by pgusher, and ${row.logs_in ? 'has another password' : 'cannot log in'}; ` +
          "wanted a role of its own for replication in the Secret, or that role's own password. " +
          `To hand it over: COMMENT ON ROLE <role> IS '${ownComment}'`,
      );
    }
    return true;
  }
  const secret = canVerify(password) ? scramVerifier(password) : password;
  if (row === undefined) {
    await client.query('BEGIN');
    await execute(client, 'CREATE ROLE %I LOGIN REPLICATION PASSWORD %L', [role, secret]);
    await execute(client, 'COMMENT ON ROLE %I IS %L', [role, ownComment]);
    await client.query('COMMIT');
  } else {
    await execute(client, 'ALTER ROLE %I LOGIN REPLICATION PASSWORD %L', [role, secret]);
  }
  return true;
}

/** @returns whether the file was changed. */
async function reconcileHba(client: pg.Client, role: string, networks: string): Promise<boolean> {
  const shown = await client.query<{ hba_file: string }>('SHOW hba_file');
  const path = shown.rows[0]?.hba_file ?? '';
  const before = await readFile(path, 'utf8');
  const tls = await client.query<{ ssl: string }>('SHOW ssl');
  const after = withReplicationLines(before, role, networks, tls.rows[0]?.ssl === 'on');
  if (after === before) {
    return false;
  }
  await replaceFile(path, after);
  const errors = await client.query<{ line_number: number; error: string }>(
    'SELECT line_number, error FROM pg_catalog.pg_hba_file_rules WHERE error IS NOT NULL',
  );
  const [error] = errors.rows;
  if (error !== undefined) {
    await replaceFile(path, before);
    throw new Error(
      `${path} would not be read any more (line ${error.line_number}: ${error.error}); it was left as it was`,
    );
  }
  await client.query('SELECT pg_catalog.pg_reload_conf()');
  return true;
}
