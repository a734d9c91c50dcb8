import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { moveFinishedWal } from '../../src/agent/backup/mover.ts';
import type { BenchDatabase } from './database.ts';
import { median, printRow, seconds } from './measure.ts';

/** Moved by ours and by a loop of zstd, fsync and rename in sh. */
export async function benchMover(database: BenchDatabase, segments: readonly string[], runs: number): Promise<void> {
  const { systemId } = database;
  const source = join(database.dataDirectory, 'pg_wal');
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
