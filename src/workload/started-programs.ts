import { normalisePath } from './absolute-path.ts';
import { launched } from './launched-program.ts';
import type { ArgumentWord } from './server-switches.ts';
import { readScript } from './shell-script.ts';
import type { FileWrite } from './shell-script.ts';

/** A program that a command line starts in the end, behind wrappers, shells and their scripts. */
export interface StartedProgram {
  /** The program first. None at all: the image's entrypoint without a program. */
  readonly words: readonly ArgumentWord[];
  /** It takes the place of what the container started; false where a shell stays in front of it. */
  readonly execs: boolean;
  readonly viaEntrypoint: boolean;
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

type ValueOf = (name: string) => string | undefined;

interface Frame {
  readonly execs: boolean;
  readonly viaEntrypoint: boolean;
  readonly variables: ReadonlyMap<string, string>;
  readonly depth: number;
}

/** Shells in shells; nobody's command line goes deeper. */
const deepestShell = 6;

/** What a container's or a handler's command line starts. `valueOf`: what is known of its environment. */
export function startedPrograms(words: readonly ArgumentWord[], valueOf: ValueOf = () => undefined): Started {
  const reader = new Reader(valueOf);
  reader.line(words, { execs: true, viaEntrypoint: false, variables: new Map(), depth: 0 }, true);
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

  /** `isOutermost`: the container's own words, which no shell has to be replaced for. */
  line(words: readonly ArgumentWord[], frame: Frame, isOutermost: boolean): void {
    const run = launched(words);
    if (run.kind === 'nothing') return;
    const within: Frame = {
      execs: frame.execs && (isOutermost || run.how.execs),
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
        ? { text: own ?? '', ...partsOf(run.words) }
        : { ...run.script, positional: run.positional },
      frame,
      within,
    );
  }

  #script(
    { text, argument, positional }: ArgumentWord & { readonly positional: readonly ArgumentWord[] },
    frame: Frame,
    within: Frame,
  ): void {
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
      valueOf: (name) => within.variables.get(name) ?? this.#valueOf(name),
    });
    if (reading.kind === 'unreadable') {
      this.problem ??= reading.problem;
      return;
    }
    for (const { words: inner, variables, isApart, writes } of reading.commands) {
      for (const write of writes) this.#write(write);
      if (inner[0]?.text === 'cd') this.#folder = this.#absolute(inner[1]?.text ?? '/');
      const execs = (isEval ? frame.execs : within.execs) && !isApart;
      this.line(inner, { ...within, execs, variables: new Map([...within.variables, ...variables]) }, false);
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
