/** A value of synchronous_standby_names that is ours. */
export interface SynchronousNames {
  readonly set: string;
  readonly standbys: number;
  /** The highest ordinal that is named. */
  readonly last: number;
}

/**
 * `ANY 1 ("orders-0", "orders-1", …, "orders-9")`: any so many of the set's pods, whoever of them is primary, so that every pod can have the same value
 * before it is promoted, and a copy of it brings it along. By name: `*` would count whatever else receives WAL (manual, synchronous_standby_names).
 * A pod that does not exist, or is the primary itself, is never connected under its name, and names nobody to wait for.
 */
export function synchronousNames({ set, standbys, last }: SynchronousNames): string {
  const names = Array.from({ length: last + 1 }, (_, ordinal) => `"${set}-${ordinal}"`);
  return `ANY ${standbys} (${names.join(', ')})`;
}

/** Undefined: somebody else's, or none. */
export function readSynchronousNames(value: string): SynchronousNames | undefined {
  const found = /^ANY ([1-9]) \("([a-z0-9.-]+)-0", .*"\2-([0-9]+)"\)$/.exec(value);
  if (found === null) {
    return undefined;
  }
  const names = { set: found[2] ?? '', standbys: Number(found[1]), last: Number(found[3]) };
  return names.last < 10_000 && synchronousNames(names) === value ? names : undefined;
}

/** In tens, so that the value seldom changes: nothing that is known here tells how many pods the set has. */
export function lastNamed(ordinals: readonly number[]): number {
  return Math.floor(Math.max(0, ...ordinals) / 10) * 10 + 9;
}

/** Undefined: the name of no pod of the set. Names are compared as the server does it, without regard to case. */
export function ordinalIn(set: string, applicationName: string): number | undefined {
  const text = applicationName.toLowerCase();
  const ordinal = text.startsWith(`${set}-`) ? text.slice(set.length + 1) : '';
  return /^(0|[1-9][0-9]{0,3})$/.test(ordinal) ? Number(ordinal) : undefined;
}
