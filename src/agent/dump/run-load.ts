import { join } from 'node:path';
import type { Print } from '../print.ts';
import type { DumpClient } from './dump-client.ts';
import { readDumpManifest } from './dump-manifest.ts';
import type { LoadWish } from './load-plan.ts';
import { loadDump } from './load-dump.ts';
import { readDumps } from './stored-dumps.ts';

export interface LoadByHand extends LoadWish {
  readonly client: DumpClient;
  /** `latest`, an id, or the folder of a dump. */
  readonly dump: string;
  /** Folder that dumps lie in; null: `dump` is a folder. */
  readonly folder: string | null;
  readonly jobs: number;
  readonly owners: boolean;
  readonly signal: AbortSignal;
}

/**
 * `pgusher-agent load DUMP`.
 * @returns the exit code: 0 all is loaded; 1 it is not.
 */
export async function runLoad({ client, dump, folder, ...wish }: LoadByHand, print: Print): Promise<number> {
  try {
    const place = folder === null ? dump : join(folder, await idOf(folder, dump));
    const manifest = await readDumpManifest(place);
    await loadDump({
      ...wish,
      environment: client.environment,
      folder: place,
      manifest,
      say: (line) => {
        print.error(`${client.server}: ${line}`);
      },
    });
    print.out(`${manifest.id} is loaded`);
    return 0;
  } catch (error) {
    print.error(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    await client.close();
  }
}

async function idOf(folder: string, dump: string): Promise<string> {
  const { complete } = await readDumps(folder);
  const found = dump === 'latest' ? complete.at(-1) : complete.find(({ id }) => id === dump);
  if (found === undefined) {
    throw new Error(
      complete.length === 0
        ? `there is no dump in ${folder}`
        : `there is no dump ${dump} in ${folder}; wanted latest or one of ${complete.map(({ id }) => id).join(', ')}`,
    );
  }
  return found.id;
}
