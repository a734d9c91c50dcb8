import { spawnSync } from 'node:child_process';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';

/** What somebody gives to the image: its documented variables, scripts, users and places. */
export interface Combination {
  readonly user: '0:0' | '999:999' | '54321:54321';
  readonly superuser: string | null;
  readonly database: string | null;
  /** Of the superuser; none is what the image takes with `trust` alone. */
  readonly password: string | null;
  readonly fromFiles: boolean;
  readonly arguments: readonly string[];
  readonly walElsewhere: boolean;
  readonly method: string | null;
  readonly atMountRoot: boolean;
  readonly replication: boolean;
  readonly connection: Readonly<Record<string, string>>;
  readonly scripts: readonly Script[];
  /** How long after its begin SIGKILL comes, in thousandths of the time of a whole initialisation; null: never. */
  readonly killedAt: number | null;
  readonly killedInInitdb: boolean;
}

const kinds = [
  'sourced',
  'returning',
  'executed',
  'beside',
  'sql',
  'linked',
  'gz',
  'xz',
  'zst',
  'ignored',
  'settings',
  'roles',
  'tablespace',
] as const;

interface Script {
  readonly kind: (typeof kinds)[number];
  readonly order: number;
}

export const combination: fc.Arbitrary<Combination> = fc
  .record({
    user: fc.constantFrom<Combination['user'][]>('0:0', '999:999', '54321:54321'),
    superuser: fc.constantFrom(null, 'app', 'Über user'),
    database: fc.constantFrom(null, 'orders', 'a b"c'),
    password: fc.option(fc.constant("it's $ecret"), { freq: 3 }),
    fromFiles: fc.boolean(),
    arguments: fc.constantFrom<string[][]>(
      [],
      ['--data-checksums', '--allow-group-access'],
      ['--auth-local=scram-sha-256'],
      ['--allow-group-access', '--wal-segsize=2'],
      ['--data-checksums', '--auth-local=scram-sha-256', '--wal-segsize=2'],
    ),
    walElsewhere: fc.boolean(),
    method: fc.constantFrom(null, 'trust', 'md5'),
    atMountRoot: fc.boolean(),
    replication: fc.boolean(),
    connection: fc.constantFrom(
      {},
      { PGHOST: 'elsewhere.invalid', PGHOSTADDR: '203.0.113.1' },
      { PGOPTIONS: '-c work_mem=5MB' },
    ),
    scripts: fc.uniqueArray(fc.record({ kind: fc.constantFrom(...kinds), order: fc.integer({ min: 10, max: 99 }) }), {
      maxLength: 4,
      selector: ({ order }) => order,
    }),
    // Without a bias: fast-check draws mostly the smallest numbers.
    killedAt: fc.option(fc.noBias(fc.integer({ min: 0, max: 1000 })), { freq: 2 }),
    killedInInitdb: fc.boolean(),
  })
  // Else the image refuses, which is not what is looked for here.
  .map((drawn) => ({
    ...drawn,
    password:
      drawn.method === 'trust' && !drawn.arguments.includes('--auth-local=scram-sha-256')
        ? drawn.password
        : "it's $ecret",
  }));

/** A file of /docker-entrypoint-initdb.d; a link where it has a target. */
interface InitFile {
  readonly name: string;
  readonly content: string | Buffer;
  readonly mode: number;
  readonly linkTo?: string;
}

/** The text of a script, and how its file is named. */
export function written({ kind, order }: Script): readonly InitFile[] {
  const table = `CREATE TABLE made_by_${kind}_${order} AS SELECT ${order} AS a;\n`;
  const ask = 'psql -v ON_ERROR_STOP=1 -q -h /var/run/postgresql -U "$POSTGRES_USER" -d "$POSTGRES_DB"';
  const file = (suffix: string, content: string | Buffer, mode = 0o644): InitFile => ({
    name: `${order}-${kind}.${suffix}`,
    content,
    mode,
  });
  switch (kind) {
    case 'sourced':
      // The array is the entrypoint's; an unset variable is no error there.
      return [file('sh', `if [ -n "$OPTIONAL" ]; then exit 1; fi\n"\${psql[@]}" <<<'${table.trim()}'\n`)];
    case 'returning':
      return [file('sh', `docker_process_sql <<<'${table.trim()}'\nreturn 0\nexit 1\n`)];
    case 'executed':
      return [file('sh', `#!/bin/bash\nset -e\nPGHOSTADDR= ${ask} <<'SQL'\n${table}SQL\n`, 0o755)];
    case 'beside':
      return [
        file(
          'sh',
          `#!/bin/sh\nset -eu\n. "$(dirname "$0")/.env-${order}"\nPGHOSTADDR= ${ask} -c "$statement"\n`,
          0o755,
        ),
        { name: `.env-${order}`, content: `statement='${table.trim()}'\n`, mode: 0o644 },
      ];
    case 'sql':
      return [file('sql', table)];
    case 'linked':
      // As the kubelet mounts a ConfigMap.
      return [
        { name: `..data-${order}`, content: table, mode: 0o644 },
        { ...file('sql', ''), linkTo: `..data-${order}` },
      ];
    case 'gz':
      return [file('sql.gz', gzipSync(table))];
    case 'xz':
      return [file('sql.xz', spawnSync('xz', { input: table }).stdout)];
    case 'zst':
      return [file('sql.zst', zstdCompressSync(table))];
    case 'ignored':
      return [file('txt', 'not for the image\n')];
    case 'settings':
      return [
        file(
          'sh',
          `echo note >"$PGDATA/note-${order}"\necho "ident_file = '$PGDATA/pg_ident.conf'" >>"$PGDATA/postgresql.conf"\n`,
        ),
      ];
    case 'roles':
      return [
        file(
          'sql',
          `CREATE ROLE role_${order} LOGIN PASSWORD 'r';\nALTER ROLE role_${order} SET work_mem = '6MB';\nGRANT pg_monitor TO role_${order};\nALTER SYSTEM SET log_min_messages = 'error';\n`,
        ),
      ];
    case 'tablespace':
      return [
        file(
          'sh',
          `mkdir "$PGDATA/space-${order}"\n"\${psql[@]}" <<<"CREATE TABLESPACE space_${order} LOCATION '$PGDATA/space-${order}'"\n`,
        ),
      ];
  }
}
