import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Why the server would let nobody in yet, or any more, in its own words; null: it may be asked. Who asks it meanwhile leaves a FATAL line in its
 * log each time. The eighth line of postmaster.pid, as pg_ctl reads it (src/include/utils/pidfile.h); a server listens a moment before it writes
 * that. server-probe.sh does the same.
 */
export async function whyNotAsked(dataDirectory: string): Promise<string | null> {
  const file = await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8').catch(() => '');
  if (file === '') {
    return null;
  }
  switch (file.split('\n')[7]?.trim() ?? '') {
    case '':
    case 'starting':
      return 'the database system is starting up';
    case 'stopping':
      return 'the database system is shutting down';
    default:
      return null;
  }
}
