import { inspect } from 'node:util';
import { CommanderError } from 'commander';
import { commandLine } from './commands/command-line.ts';
import { UsageError, exitCode } from './commands/exit-code.ts';
import { processTerminal } from './commands/terminal.ts';
import type { Terminal } from './commands/terminal.ts';
import { nodeProblem } from './node-version.ts';
import { version } from './version.ts';

process.exitCode = await run(process.argv, processTerminal());

/** Arguments to exit code. */
async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const problem = nodeProblem(process.versions.node);
  if (problem !== undefined) {
    terminal.report(`${problem}\n`);
    return exitCode.usage;
  }
  let code: number = exitCode.fine;
  const program = commandLine(terminal, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(argv);
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.fine : exitCode.usage;
    if (error instanceof UsageError) {
      terminal.report(`${error.message}\n`);
      return exitCode.usage;
    }
    // Not 1, which Node would take: a script must not read it as a refusal.
    terminal.report(`This is a fault of pgusher ${version}, please report it:\n${inspect(error)}\n`);
    return exitCode.fault;
  }
}
