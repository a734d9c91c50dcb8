import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { listManagedSets } from '../cluster/list-managed-sets.ts';
import { readManagedSet } from '../status/managed-set.ts';
import type { ManagedSet } from '../status/managed-set.ts';
import type { SetStatus } from '../status/set-status.ts';
import { version } from '../version.ts';
import { namespaceOf, notTold, readKubeconfig } from './cluster-options.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { exitCode, UsageError } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { statusOfSets } from './status-of-sets.ts';
import { statusText } from './status-text.ts';
import type { Terminal } from './terminal.ts';

export interface StatusOptions extends ClusterOptions {
  readonly allNamespaces: boolean;
  readonly json: boolean;
  /** Seconds between two looks; undefined: one look. */
  readonly watch?: number;
}

/** `pgusher status`: every managed set, whether it is safe, and why not. Changes nothing. */
export async function status(names: readonly string[], options: StatusOptions, terminal: Terminal): Promise<ExitCode> {
  const config = readKubeconfig(options);
  for (;;) {
    const sets = await look(config, names, options);
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

async function look(
  config: KubeConfig,
  names: readonly string[],
  options: StatusOptions,
): Promise<readonly SetStatus[]> {
  const namespace = options.allNamespaces ? undefined : namespaceOf(config, options);
  const listed = await listManagedSets(config, namespace);
  switch (listed.kind) {
    case 'forbidden':
    case 'unreachable':
      throw notTold(config, listed);
    case 'sets':
      return statusOfSets(
        config,
        chosen(
          listed.objects.flatMap((object) => readManagedSet(object) ?? []),
          names,
          namespace,
        ),
      );
  }
}

/** @throws UsageError where a set that was named is not there: silence would read as "all is well". */
function chosen(
  sets: readonly ManagedSet[],
  names: readonly string[],
  namespace: string | undefined,
): readonly ManagedSet[] {
  const missing = names.find((name) => !sets.some((set) => set.name === name));
  if (missing !== undefined) {
    throw new UsageError(
      `no managed StatefulSet "${missing}" in ${namespace === undefined ? 'any namespace' : `namespace ${namespace}`}; wanted one with the label postgres.io/managed: "true"`,
    );
  }
  return names.length === 0 ? sets : sets.filter(({ name }) => names.includes(name));
}
