import { isEntrypoint, isServer, programName } from './launched-program.ts';
import type { StartForm } from './postgres-workload.ts';
import type { ArgumentWord } from './server-switches.ts';
import { everySh, startedPrograms } from './started-programs.ts';
import type { Sh, StartedProgram } from './started-programs.ts';

/** How a container's command line comes to run the server, and with what each time. */
export interface ServerStart {
  readonly form: StartForm;
  /** One per place where the server is started; a script may have several. */
  readonly invocations: readonly ServerInvocation[];
}

export interface ServerInvocation {
  /** The words after `postgres`. */
  readonly words: readonly ArgumentWord[];
  /** That a script or `env` sets for it. */
  readonly variables: ReadonlyMap<string, string>;
}

const noVariables: ReadonlyMap<string, string> = new Map();

/**
 * `command` and `args` after the kubelet's expansion. No command: args go to the image's entrypoint. `valueOf`: what is known of the
 * container's environment, for the variables of a script.
 */
export function readServerStart(
  command: readonly string[],
  args: readonly string[],
  valueOf?: (name: string) => string | undefined,
): ServerStart {
  const words = [...command, ...args].map((text, argument) => ({ text, argument }));
  const [first] = words;
  // Most containers; nothing has to be followed.
  if (command.length === 0 && (first === undefined || first.text.startsWith('-'))) {
    return { form: { kind: 'entrypoint' }, invocations: [{ words, variables: noVariables }] };
  }
  const { programs, script, problem } = startedPrograms(words, valueOf);
  const servers = programs.filter(isServerStart);
  const invocations = servers.map(({ words: own, variables }) => ({ words: own.slice(1), variables }));
  if (script !== undefined) {
    const last = servers.at(-1) ?? programs.findLast(({ replacesUnder }) => replacesUnder.length > 0);
    const { replacesUnder = [], waiting } = last ?? {};
    const startsServer = servers.length > 0;
    const runs = startsServer ? undefined : otherOf(programs);
    const bypassesEntrypoint = servers.some(({ viaEntrypoint }) => !viaEntrypoint);
    return {
      form: { kind: 'shell', script, replacesUnder, waiting, problem, startsServer, bypassesEntrypoint, runs },
      invocations,
    };
  }
  const [server] = servers;
  if (server === undefined)
    return { form: { kind: 'other', program: otherOf(programs) ?? first?.text ?? '' }, invocations };
  if (command.length === 0) return { form: { kind: 'entrypoint' }, invocations };
  const { viaEntrypoint, waiting } = server;
  return { form: { kind: 'direct', bypassesEntrypoint: !viaEntrypoint, waiting }, invocations };
}

/** Whether the server becomes process 1 in the place of the script's shell; undefined: that hangs on what `sh` is, which is not known. */
export function isReplaced(
  { replacesUnder }: Extract<StartForm, { kind: 'shell' }>,
  sh: Sh | undefined,
): boolean | undefined {
  if (replacesUnder.length === 0) return false;
  if (replacesUnder.length === everySh.length) return true;
  return sh === undefined ? undefined : replacesUnder.includes(sh);
}

/** `postgres …`, or the image's entrypoint with switches or nothing behind it. `postgres --version` starts none. */
function isServerStart({ words }: StartedProgram): boolean {
  const [program, first] = words;
  if (!isServer(program) && !isEntrypoint(program)) return false;
  return first === undefined || !asksOnly.test(first.text);
}

/** postgres(1): what it says of itself, and the modes that no client reaches. */
const asksOnly = /^(--version|-V|--help|-\?|-C|--describe-config|--single|--boot|--check)$/;

/** What is started in place of a server, best what takes the container over; commands that only prepare are passed over. */
function otherOf(programs: readonly StartedProgram[]): string | undefined {
  const likely = programs.filter(({ words }) => !preparing.has(programName(words[0]?.text)));
  const found = likely.findLast(({ replacesUnder }) => replacesUnder.length > 0) ?? likely.at(-1);
  return found?.words[0]?.text;
}

const preparing: ReadonlySet<string> = new Set([
  '[',
  'cat',
  'cd',
  'chmod',
  'chown',
  'cp',
  'echo',
  'exit',
  'export',
  'false',
  'id',
  'install',
  'ln',
  'ls',
  'mkdir',
  'mv',
  'printf',
  'rm',
  'set',
  'shift',
  'test',
  'touch',
  'trap',
  'true',
  'ulimit',
  'umask',
  'wait',
]);
