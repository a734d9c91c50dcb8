import { agentPod, askAgent } from './agent-pod.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { exitCode } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { openSet } from './open-set.ts';
import { lookIntoSet } from './set-command.ts';
import type { Terminal } from './terminal.ts';

/** `pgusher backup now SET [POD]`: a base backup at once; comes back when it is complete and listed, with its name. */
export async function backupNow(
  name: string,
  named: string | undefined,
  options: ClusterOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  return lookIntoSet(terminal, async () => {
    const set = await openSet(name, options);
    const pod = await agentPod(set, named, 'backup now');
    terminal.report(
      `${pod} makes a base backup; this waits until it is complete, and it is made also where you do not wait\n`,
    );
    const { code, out, error } = await askAgent(set, pod, ['backup', 'now']);
    terminal.out(out);
    if (code !== 0) terminal.report(`${pod}: ${error.trim()}\n`);
    return code === 0 ? exitCode.fine : exitCode.findings;
  });
}
