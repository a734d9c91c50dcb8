import type pg from 'pg';

/** A page that does not fit its checksum, as BASE_BACKUP tells it in a warning (src/backend/backup/basebackup.c). */
export interface BadPage {
  /** `base/5/16384.1`, from the data directory. */
  readonly file: string;
  /** In that file. */
  readonly block: number;
}

/** At most five of a file: so many does the server tell. */
export function readBadPages(words: string): readonly BadPage[] {
  const found = words.matchAll(/checksum verification failed in file "(?:\.\/)?([^"]+)", block ([0-9]+)/g);
  return [...found].map(([, file = '', block = '']) => ({ file, block: Number(block) }));
}

/** Which table or index a file is of: `index public.orders_pkey of database shop`; undefined where the server does not tell. */
export async function relationOf(
  file: string,
  within: <Value>(database: string | undefined, work: (client: pg.Client) => Promise<Value>) => Promise<Value>,
): Promise<string | undefined> {
  // base/DATABASE/FILE, or pg_tblspc/TABLESPACE/VERSION/DATABASE/FILE (manual, "Database File Layout").
  const match = /^(?:base|pg_tblspc\/([0-9]+)\/[^/]+)\/([0-9]+)\/([0-9]+)(?:_[a-z]+)?(?:\.[0-9]+)?$/.exec(file);
  if (match === null) {
    return undefined;
  }
  const [, tablespace = '0', oid = '', filenode = ''] = match;
  const databases = await within(undefined, async (client) =>
    client.query<{ name: string }>('SELECT datname AS name FROM pg_catalog.pg_database WHERE oid = $1::oid', [oid]),
  );
  const database = databases.rows[0]?.name;
  if (database === undefined) {
    return undefined;
  }
  const relations = await within(database, async (client) =>
    client.query<{ name: string; kind: string }>(
      `SELECT oid::pg_catalog.regclass::text AS name, relkind AS kind FROM pg_catalog.pg_class
        WHERE oid = pg_catalog.pg_filenode_relation($1::oid, $2::oid)`,
      [tablespace, filenode],
    ),
  );
  const [relation] = relations.rows;
  const kinds: Readonly<Record<string, string>> = {
    i: 'index',
    t: 'TOAST table',
    m: 'materialized view',
    S: 'sequence',
  };
  return relation === undefined
    ? undefined
    : `${kinds[relation.kind] ?? 'table'} ${relation.name} of database ${database}`;
}

/**
 * Why there is no base backup, and the way on. A base backup with such a page is not kept: with it the good ones would expire, and the page
 * is whole in those and in the WAL since.
 */
export function badPagesMessage(
  pages: readonly (BadPage & { readonly relation: string | undefined })[],
  words: string,
): string {
  const shown = pages
    .slice(0, 5)
    .map(({ file, block, relation }) => `block ${block} of ${file}${relation === undefined ? '' : ` (${relation})`}`);
  const more = pages.length > shown.length ? ` and ${pages.length - shown.length} more` : '';
  const last = words.trim().split('\n').at(-1) ?? '';
  return `no base backup: bad pages under checksums, ${shown.join(', ')}${more} (${last}). The base backups before it and all WAL since are kept, and the rows are good in them. Wanted: an index made anew (REINDEX); a table from a restore beside the server (pgusher-agent restore --to, then pg_dump -t), or the whole volume lost and restored, where the disk goes bad. Until then each try reads everything and fails`;
}
