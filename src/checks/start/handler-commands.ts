import { objectAt, textsAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import { simpleCommands } from '../../workload/shell-words.ts';

/** What an `exec` of a probe or a hook runs, command by command: a shell's script is taken apart. */
export function execCommands(handler: JsonObject): readonly (readonly string[])[] {
  const words = textsAt(objectAt(handler, 'exec'), 'command');
  return words.length === 0 ? [] : commandsOf(words);
}

/** Whether one of `programs` is run, by itself, behind a wrapper (`timeout 5 psql`), or in a command substitution. */
export function runsProgram(command: readonly string[], programs: readonly string[]): boolean {
  const names = ownWords(command).map(programName);
  const [first = ''] = names;
  if (programs.includes(first)) return true;
  if (wrappers.includes(first)) return names.some((name) => programs.includes(name));
  return command.some((word) => substitutedPrograms(word).some((name) => programs.includes(name)));
}

/** Without assignments and the shell's own words in front. */
export function ownWords(command: readonly string[]): readonly string[] {
  const start = command.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word) && !reservedWords.includes(word));
  return start < 0 ? [] : command.slice(start);
}

export function programName(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1);
}

const shells = ['sh', 'bash', 'dash', 'ash', 'zsh', 'ksh', 'su', 'runuser'];
const wrappers = ['timeout', 'env', 'nice', 'gosu', 'su-exec', 'setpriv', 'chpst', 'runuser', 'su', 'sudo', 'nohup'];
const reservedWords = ['exec', 'if', 'then', 'else', 'elif', 'do', 'while', 'until', '!', '{', 'command', 'time'];

/** `sh -c`, `bash -ec`, `su postgres -c`; what is deeper than that is beyond anybody's probe. */
function commandsOf(words: readonly string[]): readonly (readonly string[])[] {
  const own = ownWords(words);
  const option = own.findIndex((word) => /^-[a-z]*c$/.test(word));
  const script = own[option + 1];
  const isShell = shells.includes(programName(own[0] ?? ''));
  if (!isShell || option < 0 || script === undefined) return [words];
  return simpleCommands(script).flatMap((command) => commandsOf(command.words));
}

/** Of `[ "$(psql -c …)" = 1 ]`: psql. */
function substitutedPrograms(word: string): readonly string[] {
  return [...word.matchAll(/(?:\$\(|`)\s*([^\s)`]+)/g)].map(([, program = '']) => programName(program));
}
