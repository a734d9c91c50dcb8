import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Why the server would let nobody in yet, or any more, in its own words where it has some; null: it may be asked. Who asks it meanwhile leaves a FATAL
 * line in its log each time. The eighth line of postmaster.pid, as pg_ctl reads it (src/include/utils/pidfile.h); a server listens a moment before it
 * writes that, and makes the file before it listens. server-probe.sh does the same.
 */
export async function whyNotAsked(dataDirectory: string): Promise<string | null> {
  const file = await readPidFile(dataDirectory);
  switch (file) {
    case 'absent':
      return 'the server has not been started yet';
    case 'unknown':
      return null;
    default:
      return statusIn(file.text);
  }
}

function statusIn(file: string): string | null {
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

/** Absent only beside a database that is there and can be seen: in any other folder the file says nothing about who listens. */
async function readPidFile(dataDirectory: string): Promise<{ readonly text: string } | 'absent' | 'unknown'> {
  try {
    return { text: await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8') };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
      return 'unknown';
    }
  }
  const database = await access(join(dataDirectory, 'PG_VERSION')).then(
    () => true,
    () => false,
  );
  return database ? 'absent' : 'unknown';
}
