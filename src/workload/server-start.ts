import type { StartForm } from './postgres-workload.ts';
import type { ArgumentWord } from './server-switches.ts';
import { simpleCommands } from './shell-words.ts';

/** How a container's command line comes to run the server, and the words after each `postgres` in it. */
export interface ServerStart {
  readonly form: StartForm;
  /** One list of words per place where the server is started; a script may have several. */
  readonly invocations: readonly (readonly ArgumentWord[])[];
}

const serverPrograms = ['postgres', 'postmaster'];
const entrypoints = ['docker-entrypoint.sh', 'docker-enforce-initdb.sh'];
const shells = ['sh', 'bash', 'dash', 'ash', 'zsh', 'ksh'];
/** Programs that run the rest of their own command line. */
const wrappers = [
  'exec',
  'command',
  'nohup',
  'time',
  'env',
  'nice',
  'ionice',
  'numactl',
  'stdbuf',
  'setpriv',
  'gosu',
  'su-exec',
  'runuser',
  'chpst',
  'tini',
  'dumb-init',
  'catatonit',
  'busybox',
];
const reservedWords = ['if', 'then', 'else', 'elif', 'do', 'while', 'until', '!', '{'];

/** `command` and `args` after the kubelet's expansion. No command: args go to the image's entrypoint. */
export function readServerStart(command: readonly string[], args: readonly string[]): ServerStart {
  const words = [...command, ...args].map((text, argument) => ({ text, argument }));
  const [first] = words;
  if (command.length === 0 && (first === undefined || first.text.startsWith('-') || isServer(first))) {
    return { form: { kind: 'entrypoint' }, invocations: [afterServer(words) ?? words] };
  }
  const shell = shellOf(words);
  if (shell !== undefined) return shell;
  const switches = switchesOf(words);
  if (switches === undefined) return { form: { kind: 'other', program: first?.text ?? '' }, invocations: [] };
  const bypassesEntrypoint = !words.slice(0, words.length - switches.length).some(isEntrypoint);
  return { form: { kind: 'direct', bypassesEntrypoint }, invocations: [switches] };
}

/** `sh -c SCRIPT [$0 [$1 …]]`, also behind wrappers and the image's entrypoint. */
function shellOf(words: readonly ArgumentWord[]): ServerStart | undefined {
  const at = words.findIndex((word) => shells.includes(programOf(word)));
  if (at < 0 || !words.slice(0, at).every(runsTheRest)) return undefined;
  const option = words.findIndex((word, index) => index > at && /^-[a-z]*c$/.test(word.text));
  const script = option < 0 ? undefined : words[option + 1];
  const between = words.slice(at + 1, Math.max(option, at + 1));
  if (script === undefined || !between.every((word, index) => isOption(word) || between[index - 1]?.text === '-o')) {
    const program = words.slice(at + 1).find((word) => !isOption(word)) ?? words[at];
    return { form: { kind: 'other', program: program?.text ?? '' }, invocations: [] };
  }
  const positional = words.slice(option + 3);
  const commands = simpleCommands(script.text).map(({ words: texts, isApart }) => ({
    isApart,
    words: texts.flatMap((text) =>
      text === '$@' || text === '$*' ? positional : [{ text, argument: script.argument }],
    ),
  }));
  const servers = commands.filter((command) => switchesOf(command.words) !== undefined);
  // dash, the sh of Debian's images, replaces itself only where `exec` says so.
  const execs = (servers.length > 0 ? servers.slice(-1) : commands).some(
    (command) =>
      !command.isApart &&
      command.words.some((word, index) => word.text === 'exec' && command.words.slice(0, index).every(runsTheRest)),
  );
  return {
    form: { kind: 'shell', script: script.text, execs },
    invocations: servers.map((command) => switchesOf(command.words) ?? []),
  };
}

/** The words after the server's name; undefined where this command starts no server. */
function switchesOf(words: readonly ArgumentWord[]): readonly ArgumentWord[] | undefined {
  const start = words.findIndex((word) => isEntrypoint(word) || !runsTheRest(word));
  if (start < 0) return undefined;
  const isWrapped = start > 0 && wrappers.includes(programOf(words[start - 1]));
  // A wrapper's own options and user name come first: `nice -n 5 postgres`, `gosu postgres postgres`.
  const server = isWrapped ? words.findIndex((word, index) => index >= start && isServer(word)) : start;
  return server < 0 ? undefined : afterServer(words.slice(server));
}

/** From `docker-entrypoint.sh postgres …`, `postgres …`, `postgres -- postgres …` (user, then program) what follows. */
function afterServer(words: readonly ArgumentWord[]): readonly ArgumentWord[] | undefined {
  const [first, ...rest] = words;
  if (first === undefined || !isServer(first)) return undefined;
  const next = rest[0]?.text === '--' ? rest.slice(1) : rest;
  const [second] = next;
  if (second !== undefined && isServer(second)) return afterServer(next);
  // An entrypoint that is given another program runs that.
  return isEntrypoint(first) && second !== undefined && !second.text.startsWith('-') ? undefined : rest;
}

function isOption(word: ArgumentWord): boolean {
  return word.text.startsWith('-');
}

function runsTheRest(word: ArgumentWord): boolean {
  return (
    wrappers.includes(programOf(word)) ||
    reservedWords.includes(word.text) ||
    isEntrypoint(word) ||
    word.text === '--' ||
    /^[A-Za-z_]\w*=/.test(word.text)
  );
}

function isServer(word: ArgumentWord): boolean {
  return serverPrograms.includes(programOf(word)) || isEntrypoint(word);
}

function isEntrypoint(word: ArgumentWord): boolean {
  return entrypoints.includes(programOf(word));
}

function programOf(word: ArgumentWord | undefined): string {
  return word?.text.slice(word.text.lastIndexOf('/') + 1) ?? '';
}
