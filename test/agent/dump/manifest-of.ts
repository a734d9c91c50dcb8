import type { DumpManifest } from '../../../src/agent/dump/dump-manifest.ts';

/** A dump of that day of December 2026; a name with `!` at its end is of a database that failed. */
export function manifestOf(day: number, names: readonly string[]): DumpManifest {
  const date = `2026-12-${String(day).padStart(2, '0')}`;
  const at = `${date}T12:00:00.000Z`;
  return {
    format: 1,
    id: `${date.replaceAll('-', '')}T120000Z`,
    startedAt: at,
    finishedAt: at,
    server: { version: '17.2', major: 17, systemId: '1' },
    client: 'pg_dump 19',
    archives: 'directory',
    compression: 'zstd',
    snapshot: { shared: true, of: {}, reason: null },
    globals: { kind: 'dumped', rolePasswords: true, file: 'globals.sql', size: 1, sha256: 'x' },
    databases: names.map((text) => {
      const name = text.replace(/!$/, '');
      const about = { name, owner: 'o', encoding: 'UTF8', row: {}, size: 1, startedAt: at, finishedAt: at };
      return name === text
        ? {
            ...about,
            kind: 'dumped',
            path: `001-${name}`,
            files: [{ file: `001-${name}/toc.dat`, size: 5, sha256: 'x' }],
          }
        : { ...about, kind: 'failed', reason: 'it broke' };
    }),
    leftOut: [],
  };
}
