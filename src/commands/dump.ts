import { agentPod, askAgent } from './agent-pod.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { exitCode } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { openSet } from './open-set.ts';
import { lookIntoSet } from './set-command.ts';
import type { Terminal } from './terminal.ts';

export interface DumpOptions extends ClusterOptions {
  /** Names; empty: all. */
  readonly database: readonly string[];
}

/** `pgusher dump SET [POD]`: a dump of each database at once, into the place for backups; comes back when it is complete, with its name. */
export async function dump(
  name: string,
  named: string | undefined,
  options: DumpOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const databases = options.database.map((database) => `--database=${database}`);
  return lookIntoSet(terminal, async () => {
    const set = await openSet(name, options);
    const pod = await agentPod(set, named, 'dump');
    terminal.report(
      `${pod} makes a dump; this waits until it is complete, and it is made also where you do not wait\n`,
    );
    return answerOf(terminal, pod, await askAgent(set, pod, ['dump', ...databases]));
  });
}

export interface DumpsOptions extends ClusterOptions {
  readonly json: boolean;
}

/** `pgusher dumps SET [POD]`: what the place for backups has of dumps, from the agent beside the primary. */
export async function dumps(
  name: string,
  named: string | undefined,
  options: DumpsOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  return lookIntoSet(terminal, async () => {
    const set = await openSet(name, options);
    const pod = await agentPod(set, named, 'dumps');
    return answerOf(terminal, pod, await askAgent(set, pod, options.json ? ['dumps', '--json'] : ['dumps']));
  });
}

function answerOf(
  terminal: Terminal,
  pod: string,
  { code, out, error }: { readonly code: number; readonly out: string; readonly error: string },
): ExitCode {
  terminal.out(out);
  if (code !== 0) terminal.report(`${pod}: ${error.trim()}\n`);
  return code === 0 ? exitCode.fine : exitCode.findings;
}
