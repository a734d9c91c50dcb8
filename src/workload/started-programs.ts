import { launched } from './launched-program.ts';
import type { ArgumentWord } from './server-switches.ts';
import { readScript } from './shell-script.ts';

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

export interface Started {
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
  script: string | undefined;
  problem: string | undefined;
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
    if (run.kind === 'program') {
      this.programs.push({ words: run.words, ...within });
      return;
    }
    this.script ??= run.script.text;
    if (within.depth > deepestShell) {
      this.problem ??= 'it holds scripts in scripts';
      return;
    }
    // What `eval` runs, the shell runs that is there: it stays what it was.
    const isEval = run.positional.length === 0;
    const reading = readScript({
      text: run.script.text,
      argument: run.script.argument,
      positional: run.positional,
      valueOf: (name) => within.variables.get(name) ?? this.#valueOf(name),
    });
    if (reading.kind === 'unreadable') {
      this.problem ??= reading.problem;
      return;
    }
    for (const { words: inner, variables, isApart } of reading.commands) {
      const execs = (isEval ? frame.execs : within.execs) && !isApart;
      this.line(inner, { ...within, execs, variables: new Map([...within.variables, ...variables]) }, false);
    }
  }
}
