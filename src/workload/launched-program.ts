import type { ArgumentWord } from './server-switches.ts';

/** What a command line hands over to: the words of the program behind wrappers, a script behind a shell. */
export type Launched =
  | { readonly kind: 'program'; readonly words: readonly ArgumentWord[]; readonly how: How }
  | {
      readonly kind: 'script';
      readonly script: ArgumentWord;
      /** `$0`, `$1` … */
      readonly positional: readonly ArgumentWord[];
      /** Of `-c`, by its name; undefined: `eval`, in the shell that is there. */
      readonly shell: string | undefined;
      readonly how: How;
    }
  /** `command -v postgres`, `env` alone: nothing is run. */
  | { readonly kind: 'nothing' };

export interface How {
  /** `exec` stands in front. */
  readonly execs: boolean;
  /** The image's entrypoint is on the way. */
  readonly viaEntrypoint: boolean;
  /** `su` or `runuser`, which starts the rest beside itself and waits for it. */
  readonly waiting: Waiting | undefined;
  /** Of `env A=b`. */
  readonly variables: ReadonlyMap<string, string>;
}

export type Waiting = 'su' | 'runuser';

export const entrypoints: readonly string[] = [
  'docker-entrypoint.sh',
  'docker-enforce-initdb.sh',
  'docker-ensure-initdb.sh',
];
export const shells: readonly string[] = ['sh', 'bash', 'dash', 'ash', 'zsh', 'ksh', 'mksh', 'rbash'];
const serverPrograms = ['postgres', 'postmaster'];

/** A program that runs the rest of its command line. */
interface Wrapper {
  /** Options whose value stands in the next word. */
  readonly valued: readonly string[];
  /** Words of its own between options and program: a user, a duration, a priority. */
  readonly operands: number;
}

function wrapper(valued: string, operands = 0): Wrapper {
  return { valued: valued.split(' '), operands };
}

/** Their manual pages; `-o value` only where the value may be a word of its own. */
const wrappers: Readonly<Record<string, Wrapper | undefined>> = {
  exec: wrapper('-a'),
  builtin: wrapper(''),
  command: wrapper(''),
  nohup: wrapper(''),
  time: wrapper('-f -o --format --output'),
  env: wrapper('-u --unset -C --chdir'),
  nice: wrapper('-n --adjustment'),
  ionice: wrapper('-c --class -n --classdata'),
  chrt: wrapper('-T -P -D --sched-runtime --sched-period --sched-deadline', 1),
  taskset: wrapper('', 1),
  numactl: wrapper('-i --interleave -N --cpunodebind -C --physcpubind -m --membind -p --preferred -w'),
  stdbuf: wrapper('-i --input -o --output -e --error'),
  setsid: wrapper(''),
  timeout: wrapper('-k --kill-after -s --signal', 1),
  flock: wrapper('-w --wait --timeout -E --conflict-exit-code', 1),
  setpriv: wrapper(
    '--reuid --regid --ruid --euid --rgid --egid --groups --inh-caps --ambient-caps --bounding-set --securebits --pdeathsig --selinux-label --apparmor-profile',
  ),
  gosu: wrapper('', 1),
  'su-exec': wrapper('', 1),
  's6-setuidgid': wrapper('', 1),
  chpst: wrapper('-u -U -e -/ -b -n -l -L -m -d -o -p -f -c -r -t'),
  sudo: wrapper('-u --user -g --group -h --host -p --prompt -C -T -r -t -D --chdir -R'),
  tini: wrapper('-p -e'),
  'tini-static': wrapper('-p -e'),
  'dumb-init': wrapper('-r --rewrite'),
  catatonit: wrapper(''),
  busybox: wrapper(''),
  xargs: wrapper('-I -n -P -L -s -d -a -E', 0),
};

export function programName(word: string | undefined): string {
  return word?.slice(word.lastIndexOf('/') + 1) ?? '';
}

export function isEntrypoint(word: ArgumentWord | undefined): boolean {
  return entrypoints.includes(programName(word?.text));
}

export function isServer(word: ArgumentWord | undefined): boolean {
  return serverPrograms.includes(programName(word?.text));
}

/** Follows wrappers and the image's entrypoint to the program that is run in the end. */
export function launched(words: readonly ArgumentWord[]): Launched {
  let rest = words;
  let execs = false;
  let viaEntrypoint = false;
  const variables = new Map<string, string>();
  let waiting: Waiting | undefined;
  const how = (): How => ({ execs, viaEntrypoint, waiting, variables });
  for (;;) {
    const [first] = rest;
    if (first === undefined) return viaEntrypoint ? { kind: 'program', words: [], how: how() } : { kind: 'nothing' };
    const name = programName(first.text);
    if (name === 'exec' && first.text === 'exec') execs = true;
    if (isEntrypoint(first)) {
      viaEntrypoint = true;
      const [second] = rest.slice(1);
      // docker-library/postgres: what begins with a dash is for the server; no word at all is an empty exec, which ends at once.
      if (second === undefined || second.text.startsWith('-')) return { kind: 'program', words: rest, how: how() };
      rest = rest.slice(1);
      continue;
    }
    if (name === 'command' && /^-[pvV]*[vV]/.test(rest[1]?.text ?? '')) return { kind: 'nothing' };
    if (name === 'eval') {
      const text = rest
        .slice(1)
        .map((word) => word.text)
        .join(' ');
      return {
        kind: 'script',
        script: { text, argument: first.argument },
        positional: [],
        shell: undefined,
        how: how(),
      };
    }
    const isUser = name === 'su' || name === 'runuser';
    if (isUser || shells.includes(name)) {
      if (isUser) waiting ??= name;
      const shell = isUser ? asUser(rest) : inShell(rest);
      if (shell.kind === 'script') return { ...shell, shell: name, how: how() };
      if (shell.kind === 'rest') {
        rest = shell.words;
        continue;
      }
      return { kind: 'program', words: shell.words, how: how() };
    }
    const known = Object.hasOwn(wrappers, name) ? wrappers[name] : undefined;
    if (known === undefined) return { kind: 'program', words: rest, how: how() };
    rest = behind(name, known, rest.slice(1), variables);
  }
}

/** Behind the wrapper's own options, operands and, of `env` and `sudo`, assignments. */
function behind(
  name: string,
  { valued, operands }: Wrapper,
  words: readonly ArgumentWord[],
  variables: Map<string, string>,
): readonly ArgumentWord[] {
  let index = 0;
  let left = operands;
  for (; index < words.length; index += 1) {
    const word = words[index];
    const text = word?.text ?? '';
    if (text === '--' || (text === '-' && name === 'env')) continue;
    if (name === 'env' && word !== undefined && /^(-[iv0]*S|--split-string=?)/.test(text)) {
      const own = text.replace(/^(-[iv0]*S|--split-string=?)/, '');
      const split = own === '' ? (words[index + 1]?.text ?? '') : own;
      const after = words.slice(own === '' ? index + 2 : index + 1);
      const parts = split.split(/\s+/).filter((part) => part !== '');
      return behind(
        name,
        { valued, operands },
        [...parts.map((part) => ({ ...word, text: part })), ...after],
        variables,
      );
    }
    const assigned = name === 'env' || name === 'sudo' ? /^([A-Za-z_]\w*)=([^]*)$/.exec(text) : null;
    if (assigned !== null) {
      variables.set(assigned[1] ?? '', assigned[2] ?? '');
      continue;
    }
    if (text.startsWith('-') && text.length > 1) {
      if (valued.includes(text)) index += 1;
      continue;
    }
    if (left === 0) break;
    left -= 1;
  }
  return words.slice(index);
}

type Inner =
  | { readonly kind: 'script'; readonly script: ArgumentWord; readonly positional: readonly ArgumentWord[] }
  | { readonly kind: 'rest'; readonly words: readonly ArgumentWord[] }
  /** A script in a file, which nobody can read here; or the shell alone. */
  | { readonly kind: 'file'; readonly words: readonly ArgumentWord[] };

/** sh(1): `-c` with the script in the first operand, `-o pipefail` and the like before it; else a file. */
function inShell(words: readonly ArgumentWord[]): Inner {
  const [shell] = words;
  let isScript = false;
  let index = 1;
  for (; index < words.length; index += 1) {
    const text = words[index]?.text ?? '';
    if (text === '--' || text === '-') {
      index += 1;
      break;
    }
    if (/^--[a-z]/.test(text)) {
      if (text === '--rcfile' || text === '--init-file') index += 1;
      continue;
    }
    if (!/^[-+][A-Za-z]/.test(text)) break;
    if (text.startsWith('-') && text.includes('c')) isScript = true;
    // Each `o` in a bundle takes a word: `-euo pipefail -c`, `-ceuo pipefail`.
    index += text.replace(/[^oO]/g, '').length;
  }
  const operands = words.slice(index);
  const [first] = operands;
  if (first === undefined) return { kind: 'file', words };
  if (!isScript) return isEntrypoint(first) ? { kind: 'rest', words: operands } : { kind: 'file', words: operands };
  const zero = operands[1] ?? (shell === undefined ? first : shell);
  return { kind: 'script', script: first, positional: [zero, ...operands.slice(2)] };
}

/** su(1), runuser(1): `su - postgres -c SCRIPT`, `runuser -u postgres -- PROGRAM …`. */
function asUser(words: readonly ArgumentWord[]): Inner {
  const user = words.findIndex(({ text }) => text === '-u' || text === '--user');
  const option = words.findIndex(({ text }) => /^(-[a-zA-Z]*c|--command|--session-command)$/.test(text));
  const script = option < 0 || user >= 0 ? undefined : words[option + 1];
  if (script !== undefined) return { kind: 'script', script, positional: [script, ...words.slice(option + 2)] };
  if (user < 0) return { kind: 'file', words };
  const rest = words.slice(user + 2);
  const at = rest.findIndex(({ text }) => !text.startsWith('-'));
  return at < 0 ? { kind: 'file', words } : { kind: 'rest', words: rest.slice(at) };
}
