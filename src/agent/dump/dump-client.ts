import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentContract } from '../contract.ts';
import { readCredentials } from '../server-connection/credentials.ts';
import type { Environment } from '../server-connection/credentials.ts';
import { writePassfile } from '../server-connection/passfile.ts';
import { libpqEnvironment } from '../server-connection/server-address.ts';

/**
 * How the programs of PostgreSQL reach a server: all that libpq is told, by variables. No password stands on a command line. Everything is asked through
 * psql, so that what pg_dump can reach (a service file, a socket, TLS with a client's key) is what is asked.
 */
export interface DumpClient {
  readonly environment: Readonly<Record<string, string>>;
  /** For messages: `10.0.0.7:5432`. */
  readonly server: string;
  close(): Promise<void>;
}

/** The server beside this agent, with the login of its pod. */
export async function podClient(contract: AgentContract, environment: Environment): Promise<DumpClient> {
  const credentials = await readCredentials(environment);
  const folder = await mkdtemp(join(tmpdir(), 'pgusher-dump-'));
  const passfile = join(folder, 'passfile');
  await writePassfile(passfile, credentials.password ?? '');
  const address = { host: '127.0.0.1', port: contract.serverPort };
  return {
    environment: libpqEnvironment(address, credentials, passfile),
    server: `127.0.0.1:${contract.serverPort}`,
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Any server, by libpq's own variables (PGHOST, PGPORT, PGUSER, PGPASSWORD, PGPASSFILE, PGSERVICE, PGSSLMODE …). */
export function environmentClient(environment: Environment, host?: string): DumpClient {
  const kept = Object.entries(environment).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined &&
      (['PATH', 'HOME', 'USER', 'LD_LIBRARY_PATH'].includes(entry[0]) ||
        // It would change the encoding of the dumps.
        (/^PG[A-Z]+$/.test(entry[0]) && entry[0] !== 'PGCLIENTENCODING' && !entry[0].startsWith('PGUSHER'))),
  );
  const all: Record<string, string> = {
    LC_MESSAGES: 'C',
    PGAPPNAME: 'pgusher',
    PGCONNECT_TIMEOUT: '10',
    ...Object.fromEntries(kept),
    ...(host === undefined ? {} : { PGHOST: host }),
  };
  return {
    environment: all,
    server: `${all['PGHOST'] ?? 'the local server'}${all['PGPORT'] === undefined ? '' : `:${all['PGPORT']}`}`,
    close: () => Promise.resolve(),
  };
}
