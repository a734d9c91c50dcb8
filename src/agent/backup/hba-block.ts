const begin = '# pgusher: begin (kept by pgusher; write your own lines outside of it)';
const end = '# pgusher: end';

/**
 * pg_hba.conf with our one line for the replication role as its first record, because the first match decides (manual,
 * "The pg_hba.conf File"). Everything else stays byte for byte. Pure; the same input gives the same text again.
 * @throws where the name cannot stand in the file.
 */
export function withReplicationLine(text: string, role: string, network: string): string {
  // A quoted name may hold anything but a line break; from version 16 on one that begins with / is a regular expression.
  if (/[\r\n]/.test(role) || role.startsWith('/')) {
    throw new Error(
      `the replication user "${role}" cannot stand in pg_hba.conf; wanted a name without line break that does not begin with /`,
    );
  }
  const line = `host replication "${role.replaceAll('"', '""')}" ${network} scram-sha-256`;
  return `${begin}\n${line}\n${end}\n${withoutBlock(text)}`;
}

function withoutBlock(text: string): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  return from < 0 || to < 0 ? text : text.slice(0, from) + text.slice(to + end.length).replace(/^\n/, '');
}
