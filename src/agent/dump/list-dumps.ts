import type { Print } from '../print.ts';
import { formatBytes } from '../store/free-space.ts';
import { failuresOf, storedSizeOf } from './dump-manifest.ts';
import { readDumps } from './stored-dumps.ts';

/**
 * `pgusher-agent dumps`: what can be loaded.
 * @returns the exit code: 0 listed, 1 the folder cannot be read.
 */
export async function runDumps(folder: string, json: boolean, print: Print): Promise<number> {
  try {
    const { complete, damaged } = await readDumps(folder);
    if (json) {
      print.out(JSON.stringify({ dumps: complete, damaged }, null, 2));
      return 0;
    }
    if (complete.length === 0) print.out(`There is no dump in ${folder}.`);
    for (const dump of complete) {
      const dumped = dump.databases.flatMap((one) => (one.kind === 'dumped' ? [JSON.stringify(one.name)] : []));
      print.out(
        `${dump.id}  ${formatBytes(storedSizeOf(dump))}  PostgreSQL ${dump.server.version.split(' ')[0] ?? ''}  ${dumped.join(', ')}`,
      );
      failuresOf(dump).forEach((failure) => {
        print.out(`  NOT DUMPED: ${failure}`);
      });
    }
    damaged.forEach(({ id, reason }) => {
      print.out(`DAMAGED ${id}: ${reason}`);
    });
    return 0;
  } catch (error) {
    print.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}
