import type pg from 'pg';

/**
 * For the one session: nothing of a statement in a log, SCRAM, no wait for a standby that cannot connect before it, and writes where the role or
 * the database is read-only by default.
 */
const quietSettings = [
  "SET log_statement = 'none'",
  'SET log_min_duration_statement = -1',
  "SET log_min_error_statement = 'panic'",
  "SET password_encryption = 'scram-sha-256'",
  "SET synchronous_commit = 'local'",
  'SET default_transaction_read_only = off',
];

/** Before statements that hold a password, or what stands for one. */
export async function beQuiet(client: pg.Client): Promise<void> {
  for (const setting of quietSettings) {
    await client.query(setting);
  }
}

/** Utility statements take no parameters: the server itself quotes the names and the verifier. */
export async function execute(client: pg.Client, format: string, values: readonly string[]): Promise<void> {
  const statement = await client.query<{ text: string }>(
    'SELECT pg_catalog.format($1::text, VARIADIC $2::text[]) AS text',
    [format, values],
  );
  await client.query(statement.rows[0]?.text ?? '');
}
