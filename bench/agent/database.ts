import {
  initialise,
  removeDirectory,
  runAsServer,
  scratchDirectory,
  startServer,
} from '../../test/support/postgres-server.ts';
import type { PostgresServer } from '../../test/support/postgres-server.ts';
import { requireTool } from '../../test/support/tool.ts';

/** Keeps all WAL from when the database is made on, and gives each receiver its beginning. */
export const keptSlot = 'kept';

export interface BenchDatabase {
  readonly directory: string;
  readonly dataDirectory: string;
  readonly server: PostgresServer;
  readonly systemId: string;
  /** Bytes of the database. */
  readonly size: number;
  remove(): Promise<void>;
}

/** pgbench at `scale` (16 MB each) and `randomMegabytes` that no compression makes smaller. */
export async function makeDatabase(scale: number, randomMegabytes: number): Promise<BenchDatabase> {
  const directory = scratchDirectory('bench');
  const dataDirectory = `${directory}/data/pgdata`;
  initialise({ dataDirectory, arguments: ['--data-checksums'] });
  const server = await startServer({
    dataDirectory,
    settings: {
      shared_buffers: '512MB',
      max_wal_size: '8GB',
      autovacuum: 'off',
      checkpoint_timeout: '1h',
      // So that a checkpoint takes away what nobody keeps.
      wal_recycle: 'off',
    },
  });
  const { socketDirectory, port } = server;
  runAsServer(requireTool('pgbench'), [
    '-i',
    '-q',
    '-I',
    'dtGp',
    '-s',
    String(scale),
    '-h',
    socketDirectory,
    '-p',
    String(port),
    '-U',
    'postgres',
    'postgres',
  ]);
  await server.sql('CREATE TABLE random (bytes bytea)');
  await server.sql('ALTER TABLE random ALTER bytes SET STORAGE EXTERNAL');
  // 256 x 32 bytes of SHA-256 a row: 8 KiB.
  await server.sql(
    `INSERT INTO random SELECT (SELECT string_agg(sha256((random()::text || i || j)::bytea), '') FROM generate_series(1, 256) AS j)
       FROM generate_series(1, ${randomMegabytes * 128}) AS i`,
  );
  await server.sql('CHECKPOINT');
  await server.sql(`SELECT pg_create_physical_replication_slot('${keptSlot}', true)`);
  const [row] = await server.sql<{ id: string; size: string }>(
    'SELECT system_identifier::text AS id, pg_database_size(current_database())::text AS size FROM pg_control_system()',
  );
  return {
    directory,
    dataDirectory,
    server,
    systemId: row?.id ?? '',
    size: Number(row?.size),
    remove: async () => {
      await server.kill();
      removeDirectory(directory);
    },
  };
}
