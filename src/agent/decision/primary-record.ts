import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../store/durable-file.ts';

/**
 * Who is primary, written down once: keys of the ConfigMap `<set>-pgusher`, which every pod of the set has mounted before
 * its server starts. Whoever promotes writes it (`pgusher promote`), never an agent.
 */
export interface PrimaryRecord {
  /** Name of a pod of the set. */
  readonly primary: string;
  /** That of the promotion. The primary's own is this one or a newer one: a restore makes one more. */
  readonly timeline: number;
  /** ISO 8601; for people. */
  readonly since: string;
  /** Where it stands in the store alone: its file there. A promotion by hand on a store that the pods share leaves it, and no ConfigMap. */
  readonly file?: string;
}

export type RecordReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'record'; readonly record: PrimaryRecord }
  /** It is there and does not say who: a start that went on by the ordinal would be a guess. */
  | { readonly kind: 'unreadable'; readonly reason: string };

export const recordKeys = ['primary', 'timeline', 'since'] as const;

/** @param directory where the ConfigMap is mounted; its keys are files. */
export async function readPrimaryRecord(directory: string, set: string): Promise<RecordReading> {
  const values: Record<string, string> = {};
  for (const key of recordKeys) {
    try {
      values[key] = (await readFile(join(directory, key), 'utf8')).trim();
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') {
        return { kind: 'unreadable', reason: `${key} of ConfigMap ${set}-pgusher cannot be read: ${String(error)}` };
      }
    }
  }
  return parsePrimaryRecord(values, set);
}

/** Pure; `values` are the data of the ConfigMap. */
export function parsePrimaryRecord(values: Readonly<Record<string, string | undefined>>, set: string): RecordReading {
  const { primary, timeline, since } = values;
  if (primary === undefined && timeline === undefined) {
    return { kind: 'none' };
  }
  if (primary?.startsWith(`${set}-`) !== true || !/^\d+$/.test(primary.slice(set.length + 1))) {
    return unreadable(set, 'primary', primary, `the name of a pod of this set, such as ${set}-0`);
  }
  if (timeline === undefined || !/^[1-9]\d{0,9}$/.test(timeline)) {
    return unreadable(set, 'timeline', timeline, 'the number of the timeline that it was promoted to');
  }
  return { kind: 'record', record: { primary, timeline: Number(timeline), since: since ?? 'an unknown time' } };
}

function unreadable(set: string, key: string, value: string | undefined, wanted: string): RecordReading {
  const seen = value === undefined ? 'is missing' : `is "${value}"`;
  return { kind: 'unreadable', reason: `key ${key} of ConfigMap ${set}-pgusher ${seen}; wanted ${wanted}` };
}
