import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { command, tryCommand } from './command.ts';
import type { CommandOptions, CommandResult } from './command.ts';
import { programDirectory } from './kubernetes.ts';

export interface Kubectl {
  /** What it printed; rejects with what it said where it fails. */
  (args: readonly string[], input?: string): Promise<string>;
  /** Its end, however that is; warnings of the apiserver are in stderr. */
  attempt(args: readonly string[], input?: string): Promise<CommandResult>;
}

/** kubectl of the release that was built, else that of PATH. `kubeconfig` is what KUBECONFIG says. */
export function kubectlWith(kubeconfig: string, version: string, ...always: readonly string[]): Kubectl {
  const built = join(programDirectory(version), 'kubectl');
  const program = existsSync(built) ? built : 'kubectl';
  // Not --kubeconfig: the variable may name several files.
  const environment = { KUBECONFIG: kubeconfig };
  const options = (input?: string): CommandOptions => ({ environment, input });
  return Object.assign(
    (args: readonly string[], input?: string) => command(program, [...always, ...args], options(input)),
    { attempt: (args: readonly string[], input?: string) => tryCommand(program, [...always, ...args], options(input)) },
  );
}
