import type { BackupEngine } from './engine.ts';
import { volumeEngine } from './volume/engine.ts';

/** In the order in which documentation lists them. */
export const engines: readonly BackupEngine[] = [volumeEngine];

/** What `backup-engine` may say. */
export const engineNames: readonly string[] = engines.map((engine) => engine.name);

/** The setting accepts these names only, so another one here is a fault of ours. */
export function engineNamed(name: string): BackupEngine {
  const engine = engines.find((candidate) => candidate.name === name);
  if (engine === undefined)
    throw new Error(`There is no backup engine "${name}"; there are ${engineNames.join(', ')}.`);
  return engine;
}
