import { Cron } from 'croner';

/** Any moment will do: what runs at all runs within the years that croner looks ahead. */
const someMoment = new Date(Date.UTC(2026, 0, 1));

/** Five fields of cron, as the agent's croner reads them, that come due at some time (`0 0 30 2 *` never does). */
export function isSchedule(text: string): boolean {
  // croner takes nicknames (`@daily`) too, whatever the mode.
  if (text.length > 100 || text.startsWith('@')) return false;
  try {
    return new Cron(text, { mode: '5-part', timezone: 'UTC' }).nextRun(someMoment) !== null;
  } catch {
    return false;
  }
}

/**
 * Daily, at a minute and an hour that depend on nothing but the names, so that a cluster's backups do not all start at
 * once and every render of one set gives the same schedule.
 */
export function derivedSchedule(namespace: string, name: string): string {
  const minuteOfDay = fnv1a(`${namespace}/${name}`) % (24 * 60);
  return `${minuteOfDay % 60} ${Math.floor(minuteOfDay / 60)} * * *`;
}

/** FNV-1a, 32 bit: spreads short names well and needs no library. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
