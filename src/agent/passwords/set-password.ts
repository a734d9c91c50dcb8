import { createHash } from 'node:crypto';
import type pg from 'pg';
import { canVerify, isVerifierOf, scramVerifier } from '../backup/scram-verifier.ts';
import { execute } from '../server-connection/quiet-statement.ts';
import type { RolePassword } from './role-passwords.ts';

/** `missing`: there is no such role. One is never made: what it may do is not known. */
export type SetPassword = 'as-wanted' | 'set' | 'missing';

/** In a session that is quiet (`beQuiet`). @throws as pg does. */
export async function setPassword(client: pg.Client, { role, password }: RolePassword): Promise<SetPassword> {
  const found = await client.query<{ verifier: string | null }>(
    'SELECT rolpassword AS verifier FROM pg_catalog.pg_authid WHERE rolname = $1',
    [role],
  );
  const [row] = found.rows;
  if (row === undefined) {
    return 'missing';
  }
  if (isVerifierOf(row.verifier, password) || row.verifier === md5Of(role, password)) {
    return 'as-wanted';
  }
  await execute(client, 'ALTER ROLE %I PASSWORD %L', [role, canVerify(password) ? scramVerifier(password) : password]);
  return 'set';
}

/** What a server keeps that has password_encryption = md5 (src/common/md5_common.c): it is left so, for the clients that need it. */
function md5Of(role: string, password: string): string {
  return `md5${createHash('md5').update(`${password}${role}`).digest('hex')}`;
}
