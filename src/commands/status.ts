import { setTimeout as sleep } from 'node:timers/promises';
import { askPods } from '../cluster/ask-pods.ts';
import { version } from '../version.ts';
import { chosenSets } from './chosen-sets.ts';
import type { SetsOptions } from './chosen-sets.ts';
import { readKubeconfig } from './cluster-options.ts';
import { exitCode } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { statusOfSets } from './status-of-sets.ts';
import { statusText } from './status-text.ts';
import type { Terminal } from './terminal.ts';

export interface StatusOptions extends SetsOptions {
  readonly json: boolean;
  /** Seconds between two looks; undefined: one look. */
  readonly watch?: number;
}

/** `pgusher status`: every managed set, whether it is safe, and why not. Changes nothing. */
export async function status(names: readonly string[], options: StatusOptions, terminal: Terminal): Promise<ExitCode> {
  const config = readKubeconfig(options);
  for (;;) {
    const sets = await statusOfSets((pages) => askPods(config, pages), await chosenSets(config, names, options));
    const now = new Date();
    terminal.out(
      options.json
        ? `${JSON.stringify({ at: now.toISOString(), version, sets }, undefined, 2)}\n`
        : statusText(sets, now, terminal.outColour),
    );
    if (options.watch === undefined) return sets.every(({ safe }) => safe) ? exitCode.fine : exitCode.findings;
    await sleep(options.watch * 1000);
  }
}
