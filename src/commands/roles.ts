import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { askPods } from '../cluster/ask-pods.ts';
import { labelPod, readPodLabels } from '../cluster/pod-labels.ts';
import { podRoleLabel, podRoles } from '../status/pod-roles.ts';
import type { PodRole } from '../status/pod-roles.ts';
import { askAgents } from './ask-agents.ts';
import { chosenSets } from './chosen-sets.ts';
import type { SetsOptions } from './chosen-sets.ts';
import { notTold, readKubeconfig } from './cluster-options.ts';
import { exitCode, UsageError } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

export interface RolesOptions extends SetsOptions {
  /** Labels the pods; without, only says what they are. */
  readonly label: boolean;
  /** Seconds between two looks; undefined: one look. */
  readonly watch?: number;
}

/** `pgusher roles`: which pod takes writes and which follow, for people and, as a label of the pods, for Services. */
export async function roles(names: readonly string[], options: RolesOptions, terminal: Terminal): Promise<ExitCode> {
  const config = readKubeconfig(options);
  if (options.watch === undefined) return lookOnce(config, names, options, terminal);
  for (;;) {
    try {
      await lookOnce(config, names, options, terminal);
    } catch (error) {
      // An apiserver that is away is back by itself; what cannot be asked changes no label.
      terminal.report(`${error instanceof Error ? error.message : String(error)}\n`);
    }
    await sleep(options.watch * 1000);
  }
}

async function lookOnce(
  config: KubeConfig,
  names: readonly string[],
  options: RolesOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const asked = await askAgents((pages) => askPods(config, pages), await chosenSets(config, names, options));
  let unknown = false;
  let refused: string | null = null;
  for (const [namespace, sets] of Map.groupBy(asked, ({ set }) => set.namespace)) {
    const labels = await labelsIn(config, namespace);
    for (const { set, answers } of sets) {
      for (const { pod, role } of podRoles(set, answers)) {
        const now = labels.get(pod)?.[podRoleLabel] ?? null;
        unknown ||= role === null || role === undefined;
        if (options.watch === undefined) terminal.out(`${namespace}/${pod} ${roleText({ pod, role }, now)}\n`);
        if (!options.label || role === undefined || role === now || !labels.has(pod)) continue;
        const trouble = await labelPod(config, { namespace, pod, label: podRoleLabel, value: role });
        refused ??= trouble;
        terminal.report(
          trouble === null
            ? `${namespace}/${pod}: ${podRoleLabel} is ${role ?? 'taken away'}, it was ${now ?? 'not there'}\n`
            : `${namespace}/${pod}: ${podRoleLabel} could not be written: ${trouble}\n`,
        );
      }
    }
  }
  if (refused !== null && options.watch === undefined) {
    throw new UsageError(`${refused}; wanted the right that \`kubectl auth can-i patch pods\` asks about`);
  }
  return unknown ? exitCode.findings : exitCode.fine;
}

async function labelsIn(
  config: KubeConfig,
  namespace: string,
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const read = await readPodLabels(config, namespace);
  if (read.kind !== 'labels') throw notTold(config, read);
  return read.labels;
}

function roleText({ role }: PodRole, now: string | null): string {
  if (role !== undefined && role !== null) return role;
  return role === null
    ? 'takes writes beside another, or is silent beside a primary'
    : `unknown${now === null ? '' : `, labelled ${now}`}`;
}
