import { randomUUID } from 'node:crypto';
import type { Place, Probed, Trouble } from '../place.ts';
import { readWhole } from '../read-whole.ts';

/**
 * Finds out by doing it, on a key that nobody has: whether what is not there is seen as missing, whether a second write of the same key is
 * refused, whether what comes back is what was stored. Every store has its own idea of each of these.
 */
export async function probePlace(place: Place, signal?: AbortSignal): Promise<Probed | Trouble> {
  const key = `.pgusher-probe/${randomUUID()}`;
  const missing = await readWhole(place, key, signal);
  const seesAbsence = missing.outcome === 'absent';
  // Who may not list is answered so, and never learns that something is not there.
  if (!seesAbsence && !isForbidden(missing)) {
    return missing.outcome === 'found'
      ? {
          outcome: 'not-this-store',
          words: `GET ${key} in ${place.name}: there was an object, under a name that nobody gave`,
        }
      : missing;
  }
  const listed = await place.list('.pgusher-probe/', signal);
  if (listed.outcome !== 'listed' && !isForbidden(listed)) {
    return listed;
  }
  const may = { seesAbsence, mayList: listed.outcome === 'listed' };
  const bytes = Buffer.from(`Written by pgusher to find out what this store can do; it may be deleted. ${key}\n`);
  const first = await place.putIfAbsent(key, bytes, signal);
  if (isForbidden(first)) {
    return { outcome: 'probed', ...may, mayWrite: false, writesOnce: false, mayDelete: false };
  }
  if (first.outcome !== 'stored') {
    return first.outcome === 'exists'
      ? {
          outcome: 'not-this-store',
          words: `PUT ${key} in ${place.name}: there was an object, under a name that nobody gave`,
        }
      : first;
  }
  const back = await readWhole(place, key, signal);
  if (back.outcome !== 'found' && !isForbidden(back)) {
    return back.outcome === 'absent'
      ? { outcome: 'damaged', words: `GET ${key} in ${place.name}: what was just stored is not there` }
      : back;
  }
  if (back.outcome === 'found' && !back.bytes.equals(bytes)) {
    return {
      outcome: 'damaged',
      words: `GET ${key} in ${place.name}: ${back.bytes.length} bytes came back that are not the ${bytes.length} that were just stored`,
    };
  }
  const second = await place.putIfAbsent(key, bytes, signal);
  if (second.outcome !== 'exists' && second.outcome !== 'stored') {
    return second;
  }
  const deleted = await place.delete(key, signal);
  if (deleted.outcome !== 'deleted' && deleted.outcome !== 'denied' && deleted.outcome !== 'refused') {
    return deleted;
  }
  return {
    outcome: 'probed',
    ...may,
    mayWrite: true,
    writesOnce: second.outcome === 'exists',
    mayDelete: deleted.outcome === 'deleted',
  };
}

function isForbidden(answer: { readonly outcome: string; readonly why?: string }): boolean {
  return answer.outcome === 'denied' && answer.why === 'rights';
}
