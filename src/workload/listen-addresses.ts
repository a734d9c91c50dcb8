/** Who reaches a server with these `listen_addresses`. */
export type Listening =
  /** PostgreSQL does not start with such a list (SplitGUCList in src/backend/utils/adt/varlena.c). */
  | { readonly kind: 'no-list' }
  | { readonly kind: 'list'; /** It answers on 127.0.0.1. */ readonly onLoopback: boolean; readonly outside: Outside };

/**
 * `some`: on all addresses, or on a name or a variable, which may be the pod's. `fixed`: on addresses that are written out alone, and a
 * pod has another one each time. `none`: on loopback alone.
 */
export type Outside = 'some' | 'fixed' | 'none';

/**
 * `listen_addresses` as the server and getaddrinfo() read it: names in double quotes or without, `127.1` and `0` as inet_aton() has them.
 * The addresses are bound one after the other, and one that is taken already is left out with a line in the log: behind 127.0.0.1, 0.0.0.0
 * cannot be had, and the server is there for its own pod alone.
 */
export function readListenAddresses(value: string): Listening {
  const names = splitList(value);
  if (names === undefined) return { kind: 'no-list' };
  const bound = new Set<number>();
  let outside: Outside = 'none';
  for (const name of names) {
    // For whoever has an address of IPv6: whether the cluster has them is not known here.
    if (name === '::') outside = 'some';
    const address = name === '*' ? everywhere : ipv4(name);
    if (address === undefined) {
      if (!name.includes(':')) outside = 'some';
      else if (name !== '::1' && name !== '::' && outside === 'none') outside = 'fixed';
      continue;
    }
    if (address === everywhere && bound.size > 0) continue;
    bound.add(address);
    if (address === everywhere) outside = 'some';
    else if (address >>> 24 !== 127 && outside === 'none') outside = 'fixed';
  }
  return { kind: 'list', onLoopback: bound.has(everywhere) || bound.has(loopback), outside };
}

const everywhere = 0;
const loopback = 0x7f000001;

/** An empty text is an empty list; undefined where an entry is empty, holds a blank, or has a quote that is not closed. */
function splitList(value: string): readonly string[] | undefined {
  if (value.trim() === '') return [];
  const entries = value.match(/(?:"(?:[^"]|"")*"|[^,"])+/g) ?? [];
  const names = entries.map((entry) => /^\s*(?:"((?:[^"]|"")*)"|([^\s"]+))\s*$/.exec(entry));
  const length = entries.reduce((sum, entry) => sum + entry.length, 0) + entries.length - 1;
  if (length !== value.length || names.includes(null)) return undefined;
  return names.map((match) => match?.[1]?.replaceAll('""', '"') ?? match?.[2] ?? '');
}

/** As a number; undefined for another name. One to four parts, decimal, octal or hexadecimal, of which the last fills what is left. */
function ipv4(name: string): number | undefined {
  if (name.toLowerCase() === 'localhost') return loopback;
  const parts = name
    .split('.')
    .map((part) => (/^(?:0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)$/i.test(part) ? numberOf(part) : NaN));
  const last = parts.pop() ?? NaN;
  if (parts.length > 3 || parts.some((part) => !(part <= 255)) || !(last < 256 ** (4 - parts.length))) return undefined;
  return parts.reduce((sum, part, index) => sum + part * 256 ** (3 - index), last);
}

function numberOf(part: string): number {
  if (/^0x/i.test(part)) return Number.parseInt(part, 16);
  return Number.parseInt(part, part.startsWith('0') ? 8 : 10);
}
