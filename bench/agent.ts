import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ownedDirectory } from '../test/support/postgres-server.ts';
import { benchBaseBackup } from './agent/base-backup.ts';
import { makeDatabase } from './agent/database.ts';
import { benchLoss, printCommits } from './agent/loss.ts';
import { benchMemory } from './agent/memory.ts';
import { benchMover } from './agent/mover.ts';
import { benchReceiver } from './agent/receiver.ts';
import { benchReplay } from './agent/replay.ts';
import { benchRestore } from './agent/restore.ts';
import { makeWal } from './agent/segments.ts';
import { benchStop } from './agent/stop.ts';

/**
 * `npm run bench:agent -- [--full | --gigabytes N] [--runs N] [--kills N]`: what backup and restore cost, each against what one would
 * use otherwise, in turns on one machine. 0.5 GB by default; `--full` is 3 GB, 400 MB of them random bytes, and 20 kills.
 */
const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    gigabytes: { type: 'string' },
    runs: { type: 'string' },
    kills: { type: 'string' },
  },
});
const gigabytes = Number(values.gigabytes ?? (values.full ? 3 : 0.5));
const runs = Number(values.runs ?? 3);
const kills = Number(values.kills ?? (values.full ? 20 : 3));

console.log(
  `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${gigabytes} GB, load average ${loadavg()[0]?.toFixed(1) ?? ''}, median of ${runs}\n`,
);
console.log('| what | ours | the other | |\n| --- | --- | --- | --- |');
// pgbench makes 16 MB for each of its scale; a seventh are bytes that no compression makes smaller.
const database = await makeDatabase(Math.round(gigabytes * 54), Math.round(gigabytes * 140));
try {
  const root = ownedDirectory(join(database.directory, 'store'));
  const record = await benchBaseBackup(database, root, runs);
  const segments = await makeWal(database);
  await benchReceiver(database, segments, runs);
  await benchMover(database, segments, runs);
  await benchReplay(database, root, record, runs);
  await benchRestore(database, root, record, runs);
} finally {
  await database.remove();
}
await benchMemory();
await benchStop(runs);
const asynchronous = await benchLoss(kills, false);
printCommits(await benchLoss(kills, true), asynchronous);
