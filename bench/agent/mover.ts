import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { moveFinishedWal } from '../../src/agent/backup/mover.ts';
import type { BenchDatabase } from './database.ts';
import { median, printRow, seconds } from './measure.ts';
import { finishedSegments } from './segments.ts';

/** Real WAL right after a checkpoint (mostly full-page images), moved by ours and by a loop of zstd, fsync and rename in sh. */
export async function benchMover(database: BenchDatabase, runs: number): Promise<void> {
  const { server, systemId } = database;
  const keep = 64;
  await server.sql('CHECKPOINT');
  const source = join(database.dataDirectory, 'pg_wal');
  const [before] = await server.sql<{ name: string }>('SELECT pg_walfile_name(pg_current_wal_lsn()) AS name');
  let finished: string[] = [];
  while (finished.length < keep) {
    // Every page for the first time after the checkpoint: full-page images, as a busy server writes them.
    await server.sql('UPDATE pgbench_accounts SET abalance = abalance + 1');
    finished = (await finishedSegments(database, before?.name ?? '')).slice(1);
  }
  const segments = finished.slice(0, keep);
  const root = join(database.directory, 'mover');
  const incoming = join(root, systemId, 'incoming', '00000001');
  const fill = (): void => {
    rmSync(root, { recursive: true, force: true });
    mkdirSync(incoming, { recursive: true });
    mkdirSync(join(root, systemId, 'wal', '00000001'), { recursive: true });
    segments.forEach((name) => {
      copyFileSync(join(source, name), join(incoming, name));
    });
    spawnSync('sync', ['-f', incoming]);
  };
  const ours: number[] = [];
  const shell: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    fill();
    shell.push(
      await seconds(async () => {
        spawnSync('sh', [
          '-c',
          'for f in "$1"/*; do n=${f##*/}; zstd -q -3 "$f" -o "$2/.tmp-$n" && sync "$2/.tmp-$n" && mv "$2/.tmp-$n" "$2/$n.zst" && sync "$2" && rm "$f"; done',
          'sh',
          incoming,
          join(root, systemId, 'wal', '00000001'),
        ]);
      }),
    );
    fill();
    ours.push(
      await seconds(async () => {
        const { moved } = await moveFinishedWal({ root, systemId, segmentSize: 16 * 2 ** 20, compression: 'zstd' });
        if (moved !== segments.length) {
          throw new Error(`${moved} of ${segments.length} were moved`);
        }
      }),
    );
  }
  const rate = (times: readonly number[]): number => segments.length / median(times);
  printRow({
    what: `mover, ${segments.length} segments, against zstd -3, sync and mv in sh`,
    ours: `${rate(ours).toFixed(0)} segments/s`,
    other: `${rate(shell).toFixed(0)} segments/s`,
    ratio: `${(rate(ours) / rate(shell)).toFixed(2)} x`,
  });
  rmSync(root, { recursive: true, force: true });
}
