import { join } from 'node:path';
import { formatBytes } from '../store/free-space.ts';
import type { Print } from '../print.ts';
import type { DumpClient } from './dump-client.ts';
import { failuresOf, storedSizeOf } from './dump-manifest.ts';
import type { DumpManifest } from './dump-manifest.ts';
import type { DumpCompression, DumpFormat } from './dump-plan.ts';
import { expireDumps } from './dump-retention.ts';
import { takeDump } from './take-dump.ts';

export interface DumpByHand {
  readonly client: DumpClient;
  /** Folder that dumps lie in. */
  readonly to: string;
  readonly databases: readonly string[];
  readonly format: DumpFormat;
  readonly compression: DumpCompression;
  readonly jobs: number;
  readonly rolePasswords: boolean;
  /** Dumps kept in the folder; null: all. */
  readonly keep: number | null;
  readonly signal: AbortSignal;
}

/**
 * `pgusher-agent dump --to DIR`: of the server beside this agent, or of any that libpq's variables name.
 * @returns the exit code: 0 all is dumped; 1 something is not, also where the rest is stored.
 */
export async function runDump({ client, to, keep, ...wish }: DumpByHand, print: Print): Promise<number> {
  try {
    const say = (line: string): void => {
      print.error(`${client.server}: ${line}`);
    };
    const manifest = await takeDump({
      ...wish,
      environment: client.environment,
      folder: to,
      now: () => new Date(),
      say,
    });
    print.out(join(to, manifest.id));
    const failures = tellFailures(manifest, print);
    if (keep !== null) {
      for (const id of await expireDumps(to, { keep, keepFor: null }, new Date())) say(`removed dump ${id}`);
    }
    return failures === 0 ? 0 : 1;
  } catch (error) {
    print.error(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    await client.close();
  }
}

function tellFailures(manifest: DumpManifest, print: Print): number {
  const failures = failuresOf(manifest);
  failures.forEach((failure) => {
    print.error(`NOT DUMPED: ${failure}`);
  });
  const dumped = manifest.databases.filter(({ kind }) => kind === 'dumped').length;
  print.error(
    `${dumped} of ${manifest.databases.length} databases, ${formatBytes(storedSizeOf(manifest))}${manifest.snapshot.shared ? '' : `; not of one moment: ${manifest.snapshot.reason ?? ''}`}`,
  );
  return failures.length;
}
