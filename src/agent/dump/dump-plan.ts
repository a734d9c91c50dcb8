/** How a database is kept: `directory` in parallel, `custom` in one file, `plain` as SQL. */
export type DumpFormat = 'directory' | 'custom' | 'plain';

/** `none`: as it is; the others where the client can, see `compressionOf`. */
export type DumpCompression = 'zstd' | 'gzip' | 'none';

export interface PlannedArchive {
  readonly database: string;
  /** Name of the file or folder in the dump; never the database's own, which may be `..`, `-x` or `a/b`. */
  readonly path: string;
}

/** pg_dump has zstd from 16 on; before, zlib. */
export function compressionOf(wanted: DumpCompression, clientMajor: number): DumpCompression {
  return wanted === 'zstd' && clientMajor < 16 ? 'gzip' : wanted;
}

/**
 * One archive for each database, in their order. Names of databases may be anything of up to 63 bytes: what becomes a path is a number and what is harmless
 * of the name, for a person who looks at the folder. The name itself stands in DUMP.json.
 */
export function planArchives(
  databases: readonly string[],
  format: DumpFormat,
  compression: DumpCompression,
): readonly PlannedArchive[] {
  const digits = Math.max(3, String(databases.length).length);
  return databases.map((database, index) => {
    const shown = database
      .replace(/[^A-Za-z0-9_]+/g, '_')
      .replace(/^_+|_+$/g, '')
      .slice(0, 40);
    const number = String(index + 1).padStart(digits, '0');
    return { database, path: `${number}${shown === '' ? '' : `-${shown}`}${extension(format, compression)}` };
  });
}

function extension(format: DumpFormat, compression: DumpCompression): string {
  switch (format) {
    case 'directory':
      return '';
    case 'custom':
      return '.dump';
    case 'plain':
      return { zstd: '.sql.zst', gzip: '.sql.gz', none: '.sql' }[compression];
  }
}

export interface PgDumpRequest {
  readonly file: string;
  readonly format: DumpFormat;
  readonly compression: DumpCompression;
  readonly clientMajor: number;
  readonly jobs: number;
  /** Of pg_export_snapshot() in the same database; null: pg_dump takes its own. */
  readonly snapshot: string | null;
}

/**
 * Arguments of pg_dump. The database is not among them: `--dbname` takes `a=b` and `postgres://…` for connection strings, PGDATABASE is only ever a name.
 * A table that somebody keeps locked for ten minutes ends the dump: one that waits for ever looks like one that works.
 */
export function pgDumpArguments(request: PgDumpRequest): readonly string[] {
  const { format, jobs, snapshot } = request;
  return [
    `--format=${format}`,
    `--file=${request.file}`,
    `--compress=${compressArgument(request.compression, request.clientMajor)}`,
    '--no-password',
    '--lock-wait-timeout=600000',
    ...(format === 'directory' && jobs > 1 ? [`--jobs=${jobs}`] : []),
    ...(snapshot === null ? [] : [`--snapshot=${snapshot}`]),
  ];
}

function compressArgument(compression: DumpCompression, clientMajor: number): string {
  switch (compression) {
    case 'none':
      return '0';
    case 'gzip':
      // A level alone is zlib in every version; 3 costs a third of the default's time for a tenth more bytes.
      return '3';
    case 'zstd':
      if (clientMajor < 16) throw new Error(`pg_dump ${clientMajor} has no zstd`);
      return 'zstd:3';
  }
}
