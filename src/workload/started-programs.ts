import { normalisePath } from './absolute-path.ts';
import { launched } from './launched-program.ts';
import type { Waiting } from './launched-program.ts';
import type { ArgumentWord } from './server-switches.ts';
import { readScript } from './shell-script.ts';
import type { FileWrite, ScriptCommand } from './shell-script.ts';

/** A program that a command line starts in the end, behind wrappers, shells and their scripts. */
export interface StartedProgram {
  /** The program first. None at all: the image's entrypoint without a program. */
  readonly words: readonly ArgumentWord[];
  /** What the image's `sh` has to be for it to take the place of what the container started; none: something stays in front of it. */
  readonly replacesUnder: readonly Sh[];
  readonly viaEntrypoint: boolean;
  /** What stays in front of it, whatever the shells do. */
  readonly waiting: Waiting | undefined;
  /** That the script or `env` sets for it. */
  readonly variables: ReadonlyMap<string, string>;
}

/** A file that a script writes, whose path is absolute; `text` as far as the script holds it. */
export interface WrittenFile {
  readonly path: string;
  readonly text: string | undefined;
}

export interface Started {
  /** In the order in which they are written; one that is written twice stands twice, the whole text last. */
  readonly files: readonly WrittenFile[];
  readonly programs: readonly StartedProgram[];
  /** The script of the outermost shell; undefined: there is none. */
  readonly script: string | undefined;
  /** Why a script in it could not be read. */
  readonly problem: string | undefined;
}

/** What `sh` is: Debian's dash, Alpine's busybox ash, Red Hat's bash. */
export type Sh = 'dash' | 'ash' | 'bash';

export const everySh: readonly Sh[] = Object.freeze(['dash', 'ash', 'bash']);
const noSh: readonly Sh[] = Object.freeze([]);

type ValueOf = (name: string) => string | undefined;

interface Frame {
  readonly replacesUnder: readonly Sh[];
  readonly viaEntrypoint: boolean;
  readonly waiting: Waiting | undefined;
  readonly variables: ReadonlyMap<string, string>;
  readonly depth: number;
}

/** Shells in shells; nobody's command line goes deeper. */
const deepestShell = 6;

/** What a container's or a handler's command line starts. `valueOf`: what is known of its environment. */
export function startedPrograms(words: readonly ArgumentWord[], valueOf: ValueOf = () => undefined): Started {
  const reader = new Reader(valueOf);
  const outermost: Frame = {
    replacesUnder: everySh,
    viaEntrypoint: false,
    waiting: undefined,
    variables: new Map(),
    depth: 0,
  };
  reader.line(words, outermost, () => everySh);
  return reader;
}

class Reader implements Started {
  readonly programs: StartedProgram[] = [];
  readonly files: WrittenFile[] = [];
  script: string | undefined;
  problem: string | undefined;
  #folder = '/';
  readonly #valueOf: ValueOf;

  constructor(valueOf: ValueOf) {
    this.#valueOf = valueOf;
  }

  /** `leaves`: when the shell that starts these words is gone then, by whether they say `exec`. */
  line(words: readonly ArgumentWord[], frame: Frame, leaves: (says: boolean) => readonly Sh[]): void {
    const run = launched(words);
    if (run.kind === 'nothing') return;
    const within: Frame = {
      replacesUnder: both(both(frame.replacesUnder, leaves(run.how.execs)), afterWaiting(run.how.waiting)),
      waiting: frame.waiting ?? run.how.waiting,
      viaEntrypoint: frame.viaEntrypoint || run.how.viaEntrypoint,
      variables: new Map([...frame.variables, ...run.how.variables]),
      depth: frame.depth + 1,
    };
    // A script that was written a moment ago is read as it will be run.
    const own = run.kind === 'program' ? this.#writtenScript(run.words) : undefined;
    if (run.kind === 'program' && own === undefined) {
      this.programs.push({ words: run.words, ...within });
      return;
    }
    this.#script(
      run.kind === 'program'
        ? { text: own ?? '', ...partsOf(run.words), shell: undefined }
        : { ...run.script, positional: run.positional, shell: run.shell },
      frame,
      within,
    );
  }

  #script({ text, argument, positional, shell }: InnerScript, frame: Frame, within: Frame): void {
    this.script ??= text;
    if (within.depth > deepestShell) {
      this.problem ??= 'it holds scripts in scripts';
      return;
    }
    // What `eval` runs, the shell runs that is there: it stays what it was.
    const isEval = positional.length === 0;
    const reading = readScript({
      text,
      argument,
      positional,
      isWhole: shell !== undefined,
      valueOf: (name) => within.variables.get(name) ?? this.#valueOf(name),
    });
    if (reading.kind === 'unreadable') {
      this.problem ??= reading.problem;
      return;
    }
    const replacesUnder = isEval ? frame.replacesUnder : within.replacesUnder;
    for (const command of reading.commands) {
      const { words: inner, variables } = command;
      for (const write of command.writes) this.#write(write);
      if (inner[0]?.text === 'cd') this.#folder = this.#absolute(inner[1]?.text ?? '/');
      const place: Frame = { ...within, replacesUnder, variables: new Map([...within.variables, ...variables]) };
      this.line(inner, place, (says) => leftFor(command, says, shell));
    }
  }

  #write({ path, text, appends }: FileWrite): void {
    const at = this.#absolute(path);
    const earlier = appends ? this.files.findLast((file) => file.path === at) : undefined;
    const isKnown = text !== undefined && (earlier === undefined || earlier.text !== undefined);
    this.files.push({ path: at, text: isKnown ? (earlier?.text ?? '') + text : undefined });
  }

  #writtenScript([program, first]: readonly ArgumentWord[]): string | undefined {
    if (program === undefined || this.files.length === 0) return undefined;
    const file = isSourcing(program) ? first : program;
    const at = this.#absolute(file?.text ?? '');
    return this.files.findLast(({ path }) => path === at)?.text;
  }

  #absolute(path: string): string {
    return normalisePath(path.startsWith('/') ? path : `${this.#folder}/${path}`);
  }
}

interface InnerScript extends ArgumentWord {
  readonly positional: readonly ArgumentWord[];
  /** Whose `-c` it is. */
  readonly shell: string | undefined;
}

/** When a shell is gone for a command of its script: with `exec`, or as the last that it has to do. */
function leftFor({ isApart, ends }: ScriptCommand, saysExec: boolean, shell: string | undefined): readonly Sh[] {
  if (isApart) return noSh;
  if (saysExec) return everySh;
  // Where nobody knows what `sh` is, it depends on that; zsh leaves wherever bash does, and mksh and ksh93 stay for most scripts.
  if (shell === 'sh') return ends;
  const isLeft = shell === 'ash' ? ends.includes('ash') : bashes.has(shell) && ends.includes('bash');
  return isLeft ? everySh : noSh;
}

const bashes: ReadonlySet<string | undefined> = new Set(['bash', 'rbash', 'zsh']);

/** util-linux's su and runuser stay for the end of the session; busybox, whose `sh` is ash, has a su that does not, and no runuser. */
function afterWaiting(waiting: Waiting | undefined): readonly Sh[] {
  if (waiting === undefined) return everySh;
  return waiting === 'su' ? ['ash'] : noSh;
}

function both(some: readonly Sh[], others: readonly Sh[]): readonly Sh[] {
  if (some === everySh) return others;
  return others === everySh ? some : some.filter((sh) => others.includes(sh));
}

/** Its own words are `$0`, `$1` …; what is sourced runs in the shell that is there. */
function partsOf(words: readonly ArgumentWord[]): {
  readonly argument: number;
  readonly positional: readonly ArgumentWord[];
} {
  const [program] = words;
  return { argument: program?.argument ?? 0, positional: isSourcing(program) ? [] : words };
}

function isSourcing(program: ArgumentWord | undefined): boolean {
  return program?.text === '.' || program?.text === 'source';
}
