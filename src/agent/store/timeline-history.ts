import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn } from './stored-records.ts';
import { errorCode } from './durable-file.ts';
import { storeNames } from './layout.ts';
import { historyName, isHistoryName, timelineName } from './wal-name.ts';

/**
 * Text of a timeline's history; undefined where the store has none. Where a pod followed another one across a timeline and was promoted later, its
 * own store never saw that timeline, but the history of a later one holds it.
 */
export async function readHistory(root: string, systemId: string, timeline: number): Promise<string | undefined> {
  const wal = join(root, systemId, storeNames.wal);
  // The receiver keeps it beside what it receives first.
  const beside = join(root, systemId, storeNames.incoming, timelineName(timeline), historyName(timeline));
  const own = (await textOf(join(wal, historyName(timeline)))) ?? (await textOf(beside));
  if (own !== undefined) {
    return own;
  }
  const later = (await namesIn(wal)).filter((name) => isHistoryName(name) && name > historyName(timeline));
  for (const name of later.sort()) {
    const within = historyWithin((await textOf(join(wal, name))) ?? '', timeline);
    if (within !== undefined) {
      return within;
    }
  }
  return undefined;
}

/** What PGDATA itself has: a promotion writes it there, and a standby fetches it before it goes on to a new timeline. */
export async function readOwnHistory(dataDirectory: string, timeline: number): Promise<string | undefined> {
  return textOf(join(dataDirectory, 'pg_wal', historyName(timeline)));
}

/**
 * The history of `timeline`, from that of a timeline that came from it: PostgreSQL copies it whole, then an empty line, then the switch away from
 * it (writeTimeLineHistory in timeline.c). Undefined where the other did not come from it, and of timeline 1, which has none.
 */
export function historyWithin(history: string, timeline: number): string | undefined {
  const lines = history.split('\n');
  const left = lines.findIndex((line) => new RegExp(`^\\s*${timeline}\\s`).test(line));
  return left <= 0 ? undefined : lines.slice(0, left).join('\n');
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') {
      throw error;
    }
    return undefined;
  }
}
