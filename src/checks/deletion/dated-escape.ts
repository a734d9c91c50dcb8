import type { Deletion } from './deletion.ts';
import { quoted } from '../shown-text.ts';

const day = 24 * 60 * 60 * 1000;

/**
 * The escape of a deletion: the object's name and the day, `orders 2026-11-21`. Who writes it looked at which object it is; copied to
 * another, or left lying there, it counts for nothing. The day is that of UTC, and one on either side counts too: nobody's clock on the
 * wall is further from UTC than fourteen hours.
 */
export function isAgreed(escape: string | undefined, name: string, today: string): boolean {
  const [, named, date] = /^(\S+)\s+(\d{4}-\d{2}-\d{2})$/.exec(escape ?? '') ?? [];
  return named === name && Math.abs(Date.parse(date ?? '') - Date.parse(today)) <= day;
}

/** What to write, for a person who wants it all the same. */
export function agreementWanted(
  check: string,
  { kind, namespace, name }: Deletion,
  escape: string | undefined,
  today: string,
): string {
  const annotation = `postgres.io/allow-${check}`;
  const seen = escape === undefined ? 'To delete it all the same' : `${annotation} is ${quoted(escape)}; today it is`;
  const object = `${kind === 'set' ? 'statefulset' : 'pvc'} ${name} -n ${namespace}`;
  return `${seen}: kubectl annotate --overwrite ${object} ${annotation}="${name} ${today}", then once more.`;
}
