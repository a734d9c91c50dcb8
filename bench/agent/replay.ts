import { appendFileSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { moveFinishedWal } from '../../src/agent/backup/mover.ts';
import { extractBaseBackup } from '../../src/agent/restore/extract-base-backup.ts';
import { installScripts } from '../../src/agent/restore/install-scripts.ts';
import { claimStore, learnSystem } from '../../src/agent/store/identity.ts';
import type { BaseBackupRecord } from '../../src/agent/store/layout.ts';
import { DatabaseWithStore } from '../../test/postgres/support/database-with-store.ts';
import { leftRecovery, serveWal } from '../../test/postgres/support/recovery.ts';
import { removeDirectory, serverOwner, startServer } from '../../test/support/postgres-server.ts';
import type { BenchDatabase } from './database.ts';
import { finishedSegments } from './segments.ts';
import { median, printRow } from './measure.ts';

const segmentSize = 16 * 2 ** 20;

/** Recovery of the base backup over 64 segments: through restore-command.sh, by `cp`, and by `zstd -d` from a folder, in turns. */
export async function benchReplay(
  database: BenchDatabase,
  root: string,
  record: BaseBackupRecord,
  runs: number,
): Promise<void> {
  const { systemId } = database;
  const segments = (await finishedSegments(database, record.startSegment)).slice(0, 64);
  const plain = join(database.directory, 'plain');
  const incoming = join(root, systemId, 'incoming', '00000001');
  for (const folder of [plain, incoming]) {
    mkdirSync(folder, { recursive: true });
    segments.forEach((name) => {
      copyFileSync(join(database.dataDirectory, 'pg_wal', name), join(folder, name));
    });
  }
  const identity = await claimStore(root, { namespace: 'shop', set: 'db', claimedAt: new Date().toISOString() });
  await learnSystem(root, identity, { systemId, major: 15, segmentSize });
  await moveFinishedWal({ root, systemId, segmentSize, compression: 'zstd' });
  const restored = new DatabaseWithStore('replay');
  const { volume, shared } = restored;
  await installScripts(join(shared, 'bin'));
  const contract = restored.contract({ store: { mount: database.directory, prefix: 'store' } });
  give(database.directory, 'store', 'plain');
  const compressed = join(root, systemId, 'wal', '00000001');
  const ways = [
    { name: 'ours', command: `sh ${shared}/bin/restore-command.sh %f %p`, times: [] as number[] },
    { name: 'cp', command: `cp ${plain}/%f %p`, times: [] as number[] },
    { name: 'zstd', command: `zstd -q -d ${compressed}/%f.zst -o %p`, times: [] as number[] },
  ] as const;
  const service = await serveWal(shared, contract);
  try {
    for (let run = 0; run < runs; run += 1) {
      for (const way of ways) {
        rmSync(contract.dataDirectory, { recursive: true, force: true });
        mkdirSync(contract.dataDirectory, { mode: 0o700 });
        await extractBaseBackup(root, record, contract.dataDirectory, () => undefined);
        rmSync(join(contract.dataDirectory, 'pg_wal'), { recursive: true, force: true });
        mkdirSync(join(contract.dataDirectory, 'pg_wal'), { mode: 0o700 });
        writeFileSync(join(contract.dataDirectory, 'recovery.signal'), '');
        appendFileSync(
          join(contract.dataDirectory, 'postgresql.auto.conf'),
          `restore_command = '${way.command}'\nmax_wal_size = '8GB'\nshared_buffers = '512MB'\n`,
        );
        give(volume, 'pgdata');
        spawnSync('sync', ['-f', volume]);
        way.times.push(await redoSeconds(contract.dataDirectory));
      }
    }
  } finally {
    service.kill();
    removeDirectory(restored.directory);
    rmSync(plain, { recursive: true, force: true });
  }
  const [own, cp, zstd] = ways.map((way) => segments.length / median(way.times));
  for (const [name, other] of [
    ['cp', cp],
    ['zstd -d', zstd],
  ] as const) {
    printRow({
      what: `recovery over ${segments.length} segments, against ${name} from a folder`,
      ours: `${(own ?? 0).toFixed(1)} segments/s`,
      other: `${(other ?? 0).toFixed(1)} segments/s`,
      ratio: `${((own ?? 0) / (other ?? 1)).toFixed(2)} of it`,
    });
  }
}

/** From the first record to the last, as the server logs it. */
async function redoSeconds(dataDirectory: string): Promise<number> {
  const server = await startServer({ dataDirectory, within: 600 });
  try {
    await leftRecovery(server, 600);
    const elapsed = /redo done at .* elapsed: ([0-9.]+) s/.exec(server.log())?.[1];
    if (elapsed === undefined) {
      throw new Error(`the server does not say how long redo took: ${server.log()}`);
    }
    return Number(elapsed);
  } finally {
    await server.kill();
  }
}

function give(directory: string, ...names: readonly string[]): void {
  const { uid, gid } = serverOwner();
  spawnSync('chown', ['-R', `${uid}:${gid}`, ...names.map((name) => join(directory, name))]);
}
