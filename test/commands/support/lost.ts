import { isObject } from '../../../src/workload/json.ts';
import type { Json } from '../../../src/workload/json.ts';

/**
 * What is in `before` and not in `after`, as paths. Lists may grow, and their items stay in order; objects may get keys. The three
 * values that pgusher changes are looked at by what they mean:
 * the grace period only grows, a preStop command ends with the user's, PGDATA at a mount's root moves below it.
 */
export function whatWasLost(before: Json, after: Json | undefined, path = ''): readonly string[] {
  if (path.endsWith('.terminationGracePeriodSeconds')) return Number(after) >= Number(before) ? [] : [path];
  if (isObject(before)) {
    if (!isObject(after)) return [path];
    const { name, value: was } = before;
    if (name === 'PGDATA' && typeof was === 'string' && after['value'] === `${was}/pgdata`) return [];
    return Object.entries(before).flatMap(([key, value]) => whatWasLost(value ?? null, after[key], `${path}.${key}`));
  }
  if (Array.isArray(before)) {
    if (!Array.isArray(after)) return [path];
    if (path.endsWith('.preStop.exec.command')) return isTail(before, after) ? [] : [path];
    return lostItems(before, after, path);
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [path];
}

/** Items are matched in order: each of `before` with the first one left of `after` that still holds all of it. */
function lostItems(before: readonly Json[], after: readonly Json[], path: string): readonly string[] {
  const lost: string[] = [];
  let from = 0;
  for (const [index, item] of before.entries()) {
    const at = after.findIndex(
      (candidate, place) => place >= from && whatWasLost(item, candidate, `${path}[${index}]`).length === 0,
    );
    if (at === -1) lost.push(`${path}[${index}]`);
    else from = at + 1;
  }
  return lost;
}

function isTail(tail: readonly Json[], list: readonly Json[]): boolean {
  return JSON.stringify(list.slice(list.length - tail.length)) === JSON.stringify(tail);
}
