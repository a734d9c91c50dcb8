import type { Credentials } from './credentials.ts';

/** Over loopback only: the entrypoint's temporary server listens on the socket alone, so the agent never meets it. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** Address of loopback that the connection comes from, for a line of pg_hba.conf that knows it (passwords/login-line.ts). */
  readonly from?: string | undefined;
}

export const applicationName = 'pgusher';

/**
 * All that a client program gets to see, so that no PG… variable of the container (envFrom may bring any) changes what
 * it does, and no password stands on a command line.
 */
export function libpqEnvironment(
  address: ServerAddress,
  credentials: Credentials,
  passfile: string,
): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    LC_MESSAGES: 'C',
    // The server's own words too, whatever its lc_messages: why a receiver ended is read from them.
    PGOPTIONS: '-c lc_messages=C',
    PGHOST: address.host,
    PGPORT: String(address.port),
    PGUSER: credentials.user,
    PGPASSFILE: passfile,
    PGAPPNAME: applicationName,
    PGCONNECT_TIMEOUT: '10',
    PGSSLMODE: 'disable',
    PGGSSENCMODE: 'disable',
  };
}
