import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ownedDirectory } from '../test/support/postgres-server.ts';
import { benchBaseBackup } from './agent/base-backup.ts';
import { makeDatabase } from './agent/database.ts';
import { benchLoss } from './agent/loss.ts';
import { benchMover } from './agent/mover.ts';
import { benchReplay } from './agent/replay.ts';
import { benchRestore } from './agent/restore.ts';
import { benchStop } from './agent/stop.ts';

/**
 * `npm run bench:agent -- [--full | --gigabytes N] [--runs N] [--kills N]`: what backup and restore cost, each against what one would
 * use otherwise, in turns on one machine. 0.5 GB by default; `--full` is 3.7 GB, 500 MB of them random bytes, and 20 kills.
 */
const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    gigabytes: { type: 'string' },
    runs: { type: 'string' },
    kills: { type: 'string' },
  },
});
const gigabytes = values.full ? 3.7 : Number(values.gigabytes ?? 0.5);
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
  // It makes the WAL that is replayed, too.
  await benchMover(database, runs);
  await benchReplay(database, root, record, runs);
  await benchRestore(database, root, record, runs);
} finally {
  await database.remove();
}
await benchStop(runs);
await benchLoss(kills, false);
await benchLoss(kills, true);
