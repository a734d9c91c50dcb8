import { exitCode, UsageError } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

/** What a person asked of a set was not done, and why; nothing was changed, or the same command goes on from there. */
export class SetCommandRefused extends Error {
  override readonly name = 'SetCommandRefused';
}

/** A command that changes a set in a cluster, with the person's own rights: each step is said, and so is why it was not done. */
export async function runSetCommand(
  terminal: Terminal,
  work: (say: (line: string) => void) => Promise<void>,
): Promise<ExitCode> {
  const say = (line: string): void => {
    terminal.report(`${line}\n`);
  };
  try {
    await work(say);
    return exitCode.fine;
  } catch (error) {
    if (!(error instanceof Error) || error instanceof UsageError) throw error;
    // Loaded here alone: it brings the client of Kubernetes along.
    const { wordsOf } = await import('../cluster/api-failure.ts');
    say(
      error instanceof SetCommandRefused
        ? error.message
        : `not done: ${wordsOf(error)}. Run the same command again to go on`,
    );
    return exitCode.findings;
  }
}

/** A command that asks something of a set: why it was not told is one sentence. */
export async function lookIntoSet(terminal: Terminal, work: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SetCommandRefused)) throw error;
    terminal.report(`${error.message}\n`);
    return exitCode.findings;
  }
}
