/** Host names, addresses and networks as pg_hba.conf and libpq take them. */

const keywords = ['samenet', 'samehost', 'all'];

/** The address column of pg_hba.conf without names: `samenet`, `samehost`, `all`, or a network with its mask length. */
export function isReplicationNetwork(text: string): boolean {
  if (keywords.includes(text)) return true;
  const [address = '', length = '', more] = text.split('/');
  if (more !== undefined || !/^(0|[1-9][0-9]{0,2})$/.test(length)) return false;
  if (isIpv4(address)) return Number(length) <= 32;
  return isIpv6(address) && Number(length) <= 128;
}

/** `host`, `host:port`, an IPv4 address in its place, or an IPv6 address, in brackets where a port follows. */
export function isHostAndPort(text: string): boolean {
  const bracketed = /^\[([^\]]*)\](?::([0-9]+))?$/.exec(text);
  if (bracketed !== null) return isIpv6(bracketed[1] ?? '') && isPortOrNone(bracketed[2]);
  if (isIpv6(text)) return true;
  const [host = '', port, more] = text.split(':');
  return more === undefined && (isIpv4(host) || isHostName(host)) && isPortOrNone(port);
}

function isPortOrNone(text: string | undefined): boolean {
  return text === undefined || (/^[1-9][0-9]{0,4}$/.test(text) && Number(text) <= 65_535);
}

/** RFC 1123, with or without a final dot; something that only looks like an address (`10.0.0.256`) is no name. */
function isHostName(text: string): boolean {
  const labels = text.replace(/\.$/, '').split('.');
  return (
    text.length <= 253 &&
    labels.every((label) => /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label)) &&
    !/^[0-9]+$/.test(labels.at(-1) ?? '')
  );
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255);
}

/** RFC 4291 text: eight groups, one run of them shortened to `::`, the last two perhaps written as IPv4. */
function isIpv6(text: string): boolean {
  const [head = '', tail, more] = text.split('::');
  if (more !== undefined || !text.includes(':')) return false;
  const groups = [...groupsOf(head), ...groupsOf(tail ?? '')];
  const last = groups.at(-1) ?? '';
  // IPv4 stands at the very end: not before `::`.
  const isMixed = tail !== '' && isIpv4(last);
  const plain = isMixed ? groups.slice(0, -1) : groups;
  const count = plain.length + (isMixed ? 2 : 0);
  return plain.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group)) && (tail === undefined ? count === 8 : count <= 7);
}

function groupsOf(part: string): readonly string[] {
  return part === '' ? [] : part.split(':');
}
