import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startReceiver } from '../../src/agent/backup/receiver.ts';
import { slotName } from '../../src/agent/backup/slot.ts';
import { requireTool } from '../../test/support/tool.ts';
import { keptSlot } from './database.ts';
import type { BenchDatabase } from './database.ts';
import { median, printRow, seconds } from './measure.ts';

/** Seconds until the server's last 64 segments lie in a folder: as the agent runs pg_receivewal (--synchronous), and without. */
export async function benchReceiver(database: BenchDatabase, segments: readonly string[], runs: number): Promise<void> {
  const { server, directory } = database;
  const program = requireTool('pg_receivewal');
  const environment = {
    PATH: process.env['PATH'] ?? '',
    PGHOST: server.socketDirectory,
    PGPORT: String(server.port),
    PGUSER: server.user,
  };
  const folder = join(directory, 'received');
  const last = join(folder, segments.at(-1) ?? '');
  const receive = async (slot: string, start: () => { stop(): unknown; ended: Promise<unknown> }): Promise<number> => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    await server.sql(`SELECT pg_copy_physical_replication_slot('${keptSlot}', '${slot}')`);
    const time = await seconds(async () => {
      const receiver = start();
      const state = { over: false };
      void receiver.ended.then(() => {
        state.over = true;
      });
      while (!existsSync(last)) {
        if (state.over) {
          throw new Error('pg_receivewal ended before it had everything');
        }
        await sleep(10);
      }
      receiver.stop();
      await receiver.ended;
    });
    await server.sql(`SELECT pg_drop_replication_slot('${slot}')`);
    return time;
  };
  const ours: number[] = [];
  const bare: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    ours.push(
      await receive(slotName, () => startReceiver({ program, directory: folder, movesSlot: true, environment })),
    );
    bare.push(
      await receive('bare', () => {
        const options = ['--directory', folder, '--slot', 'bare', '--no-loop', '--compress=0'];
        const child = spawn(program, options, { env: environment, stdio: ['ignore', 'ignore', 'inherit'] });
        return {
          stop: () => child.kill('SIGINT'),
          ended: new Promise((resolve) => child.once('close', resolve)),
        };
      }),
    );
  }
  rmSync(folder, { recursive: true, force: true });
  const rate = (times: readonly number[]): number => segments.length / median(times);
  printRow({
    what: `receiver, ${segments.length} segments behind, against pg_receivewal without --synchronous`,
    ours: `${rate(ours).toFixed(0)} segments/s`,
    other: `${rate(bare).toFixed(0)} segments/s`,
    ratio: `${(rate(ours) / rate(bare)).toFixed(2)} of it`,
  });
}
