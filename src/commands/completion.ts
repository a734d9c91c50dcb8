import type { Command, Option } from 'commander';

/**
 * What `pgusher completion` prints, from the tree of commands. Static: a shell that starts a process at each Tab is one that waits. zsh runs
 * the same function by its bashcompinit. Where nothing is offered, the shell completes names of files (`-o default`).
 */
export function completionScript(program: Command, shell: 'bash' | 'zsh'): string {
  const tree = walk(program, '');
  const paths = tree.map(({ path }) => path).filter((path) => path !== '');
  const values = tree.flatMap(({ path, options }) =>
    options
      .filter((option) => option.required || option.optional)
      .map((option) => ({ at: names(option).map((name) => `${path} ${name}`), words: option.argChoices ?? [] })),
  );
  return [
    `# ${shell} completion of pgusher: source <(pgusher completion ${shell})`,
    ...(shell === 'zsh' ? ['autoload -U +X compinit && compinit', 'autoload -U +X bashcompinit && bashcompinit'] : []),
    '_pgusher() {',
    `  local index at='' words='' current="\${COMP_WORDS[COMP_CWORD]}"`,
    '  for ((index = 1; index < COMP_CWORD; index++)); do',
    `    case "$at \${COMP_WORDS[index]}" in ${any(paths)} at="$at \${COMP_WORDS[index]}" ;; esac`,
    '  done',
    '  case "$at ${COMP_WORDS[COMP_CWORD-1]}" in',
    ...values.map(({ at, words }) => `    ${any(at)} words='${words.join(' ')}' ;;`),
    '    *) case "$at/$current" in',
    ...tree.flatMap(({ path, commands, options }) => [
      `      '${path}/-'*) words='${options.flatMap(names).join(' ')}' ;;`,
      `      '${path}/'*) words='${commands.join(' ')}' ;;`,
    ]),
    '    esac ;;',
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    'complete -o default -F _pgusher pgusher',
    '',
  ].join('\n');
}

/** `path` has a space in front of each name: ` backup now`. Options with --help, which stands in no list of commander's. */
function walk(command: Command, path: string): readonly { path: string; commands: string[]; options: Option[] }[] {
  const commands = command.commands.map((one) => one.name());
  const own = { path, commands, options: command.createHelp().visibleOptions(command) };
  return [own, ...command.commands.flatMap((one) => walk(one, `${path} ${one.name()}`))];
}

function names({ short, long }: Option): readonly string[] {
  return [short, long].filter((name) => name !== undefined);
}

/** Names and choices hold no quote. */
function any(texts: readonly string[]): string {
  return `${texts.map((text) => `'${text}'`).join('|')})`;
}
