import { networksOf } from '../../workload/network-syntax.ts';

const begin = '# pgusher: begin (kept by pgusher; write your own lines outside of it)';
const end = '# pgusher: end';

/**
 * pg_hba.conf with our lines for the replication role, one a network, as its first records, because the first match decides (manual,
 * "The pg_hba.conf File"). Everything else stays byte for byte. Pure; the same input gives the same text again.
 * @throws where the name cannot stand in the file.
 */
export function withReplicationLines(
  text: string,
  role: string,
  /** As in the contract: a list, commas between. */
  networks: string,
  /** The server has TLS: then nobody is let in without, whose client was talked out of it. */
  tls: boolean,
): string {
  // A quoted name may hold anything but a line break; from version 16 on one that begins with / is a regular expression.
  if (/[\r\n]/.test(role) || role.startsWith('/')) {
    throw new Error(
      `the replication user "${role}" cannot stand in pg_hba.conf; wanted a name without line break that does not begin with /`,
    );
  }
  const lines = networksOf(networks).map(
    (network) => `${tls ? 'hostssl' : 'host'} replication "${role.replaceAll('"', '""')}" ${network} scram-sha-256\n`,
  );
  return `${begin}\n${lines.join('')}${end}\n${withoutBlock(text)}`;
}

function withoutBlock(text: string): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  return from < 0 || to < 0 ? text : text.slice(0, from) + text.slice(to + end.length).replace(/^\n/, '');
}
