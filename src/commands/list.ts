import { agentPod, askAgent } from './agent-pod.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { exitCode } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { openSet } from './open-set.ts';
import { lookIntoSet } from './set-command.ts';
import type { Terminal } from './terminal.ts';

export interface ListOptions extends ClusterOptions {
  readonly json: boolean;
}

/** `pgusher list SET [POD]`: the base backups of a set and what can be recovered, from the agent beside its primary. */
export async function list(
  name: string,
  named: string | undefined,
  options: ListOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  return lookIntoSet(terminal, async () => {
    const set = await openSet(name, options);
    const pod = await agentPod(set, named, 'list');
    const { code, out, error } = await askAgent(set, pod, options.json ? ['list', '--json'] : ['list']);
    terminal.out(out);
    if (code !== 0) terminal.report(`${pod}: ${error.trim()}\n`);
    return code === 0 ? exitCode.fine : exitCode.findings;
  });
}
