/** A login, or a connection of one of PostgreSQL's programs, that the server did not let in. */
export interface Refusal {
  /** SQLSTATE where the driver asked; null where a program did, which passes on the text alone. */
  readonly code: string | null;
  readonly message: string;
}

/** Who was not let in, and what that one needs. */
export interface Caller {
  readonly user: string;
  readonly hasPassword: boolean;
  /** max_wal_senders that this set needs (workload/wal-senders.ts). */
  readonly senders: number;
}

/**
 * What to write so that the agent is let in, for behind the server's own words; by SQLSTATE (PostgreSQL manual, appendix A) and, since
 * programs do not tell it, by names that stand in the text in every language. Null: nothing is known.
 */
export function adviceOn(refusal: Refusal, caller: Caller): string | null {
  const { code, message } = refusal;
  if (
    code === '53300' ||
    /max_wal_senders|too many (clients|connections)|connection slots are reserved/.test(message)
  ) {
    return message.includes('max_wal_senders')
      ? `wanted max_wal_senders of ${caller.senders} or more (10 is the default): two for the receiver and the agent's own questions, two for a base backup, one for each standby. It takes a restart`
      : 'wanted a free connection: more of max_connections, or fewer clients';
  }
  if (message.includes('pg_hba.conf')) {
    const plain = /no encryption|SSL off/.test(message)
      ? '. The agent comes over loopback without TLS: a hostssl line does not match it, and a hostnossl line does'
      : '';
    return `wanted these two lines above all others in pg_hba.conf, then SELECT pg_reload_conf():\n${linesFor(caller).join('\n')}\nThe first line that matches decides${plain}`;
  }
  // invalid_password; the server looks no further than at the first line of pg_hba.conf that matches.
  if (code === '28P01' || /password authentication failed/.test(message)) {
    return 'wanted the user and password that the server has (POSTGRES_USER, POSTGRES_PASSWORD)';
  }
  // What the driver says where a password is asked for and it has none, or the method is one that it does not know.
  if (code === null && /SASL|password must be|authentication method|authenticationOk/i.test(message)) {
    return caller.hasPassword
      ? `wanted a method of pg_hba.conf that takes a password:\n${linesFor(caller).join('\n')}`
      : 'wanted POSTGRES_PASSWORD from a Secret: a password that is written into the manifest is not copied to the agent';
  }
  if (code === '28000') {
    return /authentication failed/.test(message)
      ? `wanted these two lines above all others in pg_hba.conf, then SELECT pg_reload_conf():\n${linesFor(caller).join('\n')}`
      : 'wanted POSTGRES_USER to be a superuser that may log in';
  }
  if (code === '3D000') {
    return 'wanted a database postgres or template1';
  }
  // insufficient_privilege
  return code === '42501' ? `wanted ${caller.user} to be a superuser` : null;
}

/**
 * The words, and the advice where there is one; lines of pg_hba.conf stand on lines of their own on a page, and after a slash where a
 * reason is one line.
 */
export function withAdvice(message: string, advice: string | null): string {
  return advice === null ? message : `${message}; ${advice.replaceAll('\n', ' / ')}`;
}

/** One for SQL, one for WAL and base backups: `all` does not cover replication (manual, "The pg_hba.conf File"). */
function linesFor({ user, hasPassword }: Caller): readonly string[] {
  const name = `"${user.replaceAll('"', '""')}"`;
  const method = hasPassword ? 'scram-sha-256' : 'trust';
  return ['all', 'replication'].map((database) => `host ${database} ${name} 127.0.0.1/32 ${method}`);
}
