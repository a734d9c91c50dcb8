import { programName as nameOf } from '../../workload/launched-program.ts';
import { objectAt, textsAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import { startedPrograms } from '../../workload/started-programs.ts';

type Command = readonly string[];

const known = new WeakMap<JsonObject, readonly Command[]>();

/**
 * What an `exec` of a probe or a hook runs, program by program: behind wrappers, in the script of a shell, in command substitutions.
 * Asked by several checks about one object.
 */
export function execCommands(handler: JsonObject): readonly Command[] {
  const exec = objectAt(handler, 'exec');
  const words = textsAt(exec, 'command');
  if (words.length === 0) return [];
  const before = known.get(exec);
  if (before !== undefined) return before;
  const { programs } = startedPrograms(words.map((text, argument) => ({ text, argument })));
  const commands = programs.map((program) => program.words.map(({ text }) => text));
  known.set(exec, commands);
  return commands;
}

/** Whether one of `programs` is run. */
export function runsProgram(command: Command, programs: readonly string[]): boolean {
  return programs.includes(programName(command[0] ?? ''));
}

export function programName(word: string): string {
  return nameOf(word);
}
