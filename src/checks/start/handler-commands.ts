import { programName as nameOf } from '../../workload/launched-program.ts';
import { objectAt, textsAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import { startedPrograms } from '../../workload/started-programs.ts';

type Command = readonly string[];

/**
 * What commands run, by their text: nearly all sets have the same few probes, and reading a shell's script costs more than most checks.
 * Bounded, since anybody may write anything; a long one is read each time.
 */
const known = new Map<string, readonly Command[]>();
const mostKnown = 200;
const longestKnown = 500;

/**
 * What an `exec` of a probe or a hook runs, program by program: behind wrappers, in the script of a shell, in command substitutions.
 * Asked by several checks about one object.
 */
export function execCommands(handler: JsonObject): readonly Command[] {
  const words = textsAt(objectAt(handler, 'exec'), 'command');
  if (words.length === 0) return [];
  // A NUL is in no argument of a program (execve(2)).
  const key = words.join('\0');
  const before = known.get(key);
  if (before !== undefined) return before;
  const { programs } = startedPrograms(words.map((text, argument) => ({ text, argument })));
  const commands = programs.map((program) => program.words.map(({ text }) => text));
  if (key.length > longestKnown) return commands;
  if (known.size >= mostKnown) known.clear();
  known.set(key, commands);
  return commands;
}

/** Whether one of `programs` is run. */
export function runsProgram(command: Command, programs: readonly string[]): boolean {
  return programs.includes(programName(command[0] ?? ''));
}

export function programName(word: string): string {
  return nameOf(word);
}
