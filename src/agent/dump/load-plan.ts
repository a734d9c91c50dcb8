import type { DumpedDatabase, DumpManifest } from './dump-manifest.ts';

export interface LoadWish {
  /** A database of the dump; null: all. */
  readonly database: string | null;
  /** Tables of it, by name; empty: all. */
  readonly tables: readonly string[];
  /** Name that it gets; null: its own. */
  readonly into: string | null;
  readonly globals: boolean;
}

export interface LoadStep {
  readonly database: DumpedDatabase;
  readonly target: string;
  /** It is not there yet, and is made. */
  readonly make: boolean;
}

/**
 * What is loaded where.
 * @param there databases of the server.
 * @throws where the dump has not what is wanted.
 */
export function planLoad(manifest: DumpManifest, wish: LoadWish, there: readonly string[]): readonly LoadStep[] {
  const { database, tables, into } = wish;
  if (into !== null && database === null && manifest.databases.length > 1) {
    throw new Error(
      `--into names one database, and the dump has ${manifest.databases.length}; wanted --database beside it`,
    );
  }
  if (tables.length > 0 && database === null && manifest.databases.length > 1) {
    throw new Error(
      `--table is of one database, and the dump has ${manifest.databases.length}; wanted --database beside it`,
    );
  }
  if (tables.length > 0 && manifest.archives === 'plain') {
    throw new Error(
      'a dump of format plain can only be loaded as a whole; wanted one of format directory or custom for --table',
    );
  }
  if (wish.globals && manifest.globals.kind === 'failed') {
    throw new Error(`dump ${manifest.id} has no roles and tablespaces: ${manifest.globals.reason}`);
  }
  const chosen = manifest.databases.filter(({ name }) => database === null || name === database);
  if (chosen.length === 0) {
    const names = manifest.databases.map(({ name }) => JSON.stringify(name)).join(', ');
    throw new Error(`dump ${manifest.id} has no database ${JSON.stringify(database)}; wanted one of ${names}`);
  }
  return chosen.map((one) => {
    if (one.kind === 'failed') {
      throw new Error(
        `database ${JSON.stringify(one.name)} is not in dump ${manifest.id}: ${one.reason}. Wanted an older dump of it (pgusher-agent dumps), or --database for each of the others`,
      );
    }
    const target = into ?? one.name;
    return { database: one, target, make: !there.includes(target) };
  });
}

/** `ALTER ROLE me …` of globals.sql would give the login of now the password of then: who loads keeps what he has. */
export function withoutRole(globals: string, role: string): string {
  const names = [role, `"${role.replace(/"/g, '""')}"`];
  const starts = names.flatMap((name) => [`CREATE ROLE ${name};`, `ALTER ROLE ${name} WITH `]);
  return globals
    .split('\n')
    .filter((line) => !starts.some((start) => line.startsWith(start)))
    .join('\n');
}

/** What only a server of the dumping program's own version knows; pg_restore 17 and newer says it to every server. */
export const unknownToOlderServers = 'SET transaction_timeout = 0;';

/** Errors of pg_restore that are none: see `unknownToOlderServers`. */
export function isHarmlessRestoreError(line: string): boolean {
  return line.includes('unrecognized configuration parameter "transaction_timeout"');
}
