import { parse } from 'unbash';
import type {
  CommandExpansionPart,
  CommandNode,
  CompoundList,
  Redirected,
  Redirection,
  Script,
  Statement,
  Word,
  WordPart,
} from 'unbash';
import type { ArgumentWord } from './server-switches.ts';

/** A simple command of a script, as the shell would start it. */
export interface ScriptCommand {
  /** After quotes, parameters and `"$@"`, as far as they are known; `$NAME` stays where they are not. Without redirections. */
  readonly words: readonly ArgumentWord[];
  /** Variables that are given for this command, and those of the script that are set where it stands. */
  readonly variables: ReadonlyMap<string, string>;
  /** A shell of its own runs it, whatever it says: an end of a pipe, in the background, in ( ) or $( ). */
  readonly isApart: boolean;
  /** It takes the place of these shells without `exec`, as the last that their `-c` has to do. */
  readonly ends: readonly LeavingShell[];
  /** Files that it is redirected into. */
  readonly writes: readonly FileWrite[];
}

/**
 * The shells that start the last command of `-c SCRIPT` in their own place, where nothing is left to do after it. Tried with bash 5.2 and
 * busybox 1.35; dash 0.5.12 never does.
 */
export type LeavingShell = 'bash' | 'ash';

export interface FileWrite {
  /** As the script says it; where it is relative, the reader has to know the folder. */
  readonly path: string;
  /** Of a here-document, or of `echo`; undefined: what comes out of a program. */
  readonly text: string | undefined;
  readonly appends: boolean;
}

export type ScriptReading =
  | { readonly kind: 'read'; readonly commands: readonly ScriptCommand[] }
  /** No shell would take it either, or nobody can say what it does. */
  | { readonly kind: 'unreadable'; readonly problem: string };

export interface ScriptSource {
  readonly text: string;
  /** Index of the argument that the script stands in. */
  readonly argument: number;
  /** `$0`, `$1` … */
  readonly positional: readonly ArgumentWord[];
  /** It is the argument of `-c`, and no file, and no text for `eval`. */
  readonly isWhole?: boolean;
  /** What a variable is before the script says anything of it. */
  valueOf(name: string): string | undefined;
}

/** A script that is longer than a manifest may hold by far, or deeper than anybody writes, is not read. */
const longestScript = 262_144;
const deepestCall = 16;
const mostCommands = 2_000;

/**
 * The commands of a script, in the order in which they stand; those of every branch, of loops once, of functions where they are called.
 * A variable that is set in one branch has both values afterwards, and a command with it is there once for each.
 */
export function readScript(source: ScriptSource): ScriptReading {
  if (source.text.length > longestScript) return { kind: 'unreadable', problem: 'it is too long' };
  const script = parse(source.text);
  const [error] = script.errors ?? [];
  if (error !== undefined) return { kind: 'unreadable', problem: error.message };
  const reader = new ScriptReader(source);
  reader.script(script, source.isWhole === true ? leftBy(script.commands, source.text) : noShells);
  return { kind: 'read', commands: reader.commands };
}

type Values = readonly string[];

type Node = CommandNode | Statement['command'] | CompoundList;

interface Place {
  readonly isApart: boolean;
  /** It may or may not run, so that what it sets is one of two values. */
  readonly isPerhaps: boolean;
  readonly positional: Positional;
  readonly depth: number;
  /** What a simple command here ends; see `ScriptCommand`. */
  readonly ends: readonly LeavingShell[];
}

/** `$0`, `$1` … of the script or of a function; `set --` changes them. */
interface Positional {
  words: readonly ArgumentWord[];
}

class ScriptReader {
  readonly commands: ScriptCommand[] = [];
  readonly #source: ScriptSource;
  readonly #variables = new Map<string, Values>();
  readonly #arrays = new Map<string, readonly Word[]>();
  readonly #functions = new Map<string, CommandNode | CompoundList>();
  /** Which of several values is taken; see `commandOf`. */
  #choice = 0;
  /** A shell that has something to do when a signal comes stays. */
  #hasTrap = false;

  constructor(source: ScriptSource) {
    this.#source = source;
  }

  script(script: Script, ends: readonly LeavingShell[]): void {
    const positional = { words: this.#source.positional };
    this.#statements(script.commands, { isApart: false, isPerhaps: false, positional, depth: 0, ends });
  }

  #statements(statements: readonly Statement[], place: Place): void {
    statements.forEach(({ command, background }, at) => {
      const isLast = at === statements.length - 1 && background !== true;
      const within: Place = {
        ...place,
        isApart: place.isApart || background === true,
        ends: isLast ? place.ends : noShells,
      };
      if (command.type === 'AndOr') this.#andOr(command.commands, within);
      else this.#node(command, within);
    });
  }

  #andOr(parts: readonly Node[], place: Place): void {
    parts.forEach((part, index) => {
      const isPerhaps = place.isPerhaps || index > 0;
      this.#node(part, { ...place, isPerhaps, ends: index === parts.length - 1 ? place.ends : noShells });
    });
  }

  #node(node: Node, whole: Place): void {
    if (node.type === 'Command') {
      this.#simple(node, whole);
      return;
    }
    // Of what has commands in it bash stays, and ash stays around what it may have to come back to.
    const ends = whole.ends.includes('ash') && goesOn.has(node.type) ? onlyAsh : noShells;
    const place: Place = { ...whole, ends };
    const perhaps: Place = { ...place, isPerhaps: true };
    const before: Place = { ...place, ends: noShells };
    switch (node.type) {
      case 'Pipeline': {
        const isPipe = node.commands.length > 1;
        for (const part of node.commands) this.#node(part, isPipe ? { ...place, isApart: true } : place);
        return;
      }
      case 'AndOr':
        this.#andOr(node.commands, perhaps);
        return;
      case 'CompoundList':
        this.#statements(node.commands, place);
        return;
      case 'If':
        this.#statements(node.clause.commands, before);
        this.#statements(node.then.commands, perhaps);
        for (const { clause, then } of node.elif) this.#statements([...clause.commands, ...then.commands], perhaps);
        this.#statements(node.else?.commands ?? [], perhaps);
        return;
      case 'For':
        this.#loopVariable(node.name.value, node.wordlist, place);
        this.#statements(node.body.commands, perhaps);
        return;
      case 'Select':
        this.#loopVariable(node.name.value, node.wordlist, place);
        this.#statements(node.body.commands, perhaps);
        return;
      case 'While':
        this.#statements(node.clause.commands, place);
        this.#statements(node.body.commands, perhaps);
        return;
      case 'ArithmeticFor':
        this.#statements(node.body.commands, perhaps);
        return;
      case 'Subshell':
        this.#statements(node.body.commands, { ...perhaps, isApart: true });
        return;
      case 'BraceGroup':
        this.#statements(node.body.commands, place);
        return;
      case 'Case':
        for (const { body } of node.items) this.#statements(body.commands, perhaps);
        return;
      case 'Function':
        this.#functions.set(node.name.value, functionBody(node.body));
        return;
      case 'Coproc':
        this.#node(node.body, { ...place, isApart: true });
        return;
      case 'Redirected':
        this.#node(node.command, place);
        this.#redirected(node.redirects, undefined, place);
        return;
      case 'TestCommand':
      case 'ArithmeticCommand':
        return;
    }
  }

  #loopVariable(name: string, words: readonly Word[] | undefined, place: Place): void {
    const values = words?.flatMap((word) => this.#expand(word, place)).map(({ text }) => text);
    this.#variables.set(name, values ?? place.positional.words.slice(1).map(({ text }) => text));
  }

  #simple(command: Extract<CommandNode, { type: 'Command' }>, place: Place): void {
    const words = [
      ...(command.name === undefined ? [] : [command.name]),
      ...command.args.flatMap((argument) => (argument.type === 'Word' ? [argument] : [])),
    ];
    for (const word of words) this.#substitutions(word.parts, place);
    const set = [...command.prefix, ...command.suffix].flatMap((part) => (part.type === 'Assignment' ? [part] : []));
    for (const { value } of set) if (value.type === 'Word') this.#substitutions(value.parts, place);
    // `A=b program` sets it for the program alone; `A=b`, `export A=b` from here on.
    const isForProgram = command.name !== undefined && !declarations.has(command.name.value);
    const given = new Map<string, string>();
    for (const { name, value, append } of set) {
      if (value.type !== 'Word') {
        this.#arrays.set(
          name,
          append === true ? [...(this.#arrays.get(name) ?? []), ...value.elements] : value.elements,
        );
        continue;
      }
      const text = this.#text(value, place);
      if (isForProgram) given.set(name, text);
      else this.#assign(name, text, append === true, place);
    }
    const isRedirected = command.redirects.length > 0;
    if (words.length > 0)
      this.#started(words, given, isRedirected ? { ...place, ends: redirected(command.redirects, place) } : place);
    if (isRedirected) this.#redirected(command.redirects, words, place);
  }

  /** What is written into files: `cat > FILE <<EOF`, `echo line >> FILE`. `words`: of a simple command. */
  #redirected(redirects: readonly Redirection[], words: readonly Word[] | undefined, place: Place): void {
    const document = redirects.findLast(({ type }) => type !== 'Redirect');
    const text = words === undefined ? undefined : this.#written(words, document, place);
    const writes = redirects.flatMap((redirect): readonly FileWrite[] => {
      if (redirect.type !== 'Redirect' || !writing.has(redirect.operator) || redirect.target === undefined) return [];
      const path = this.#text(redirect.target, place);
      // `2>log` is no output, `>&2` no file.
      const isOutput = redirect.descriptor?.type !== 'FileDescriptor' || redirect.descriptor.value === 1;
      const appends = redirect.operator.endsWith('>>');
      return path === '' || !isOutput || /^(\/dev\/|[0-9]+$|-$)/.test(path) ? [] : [{ path, text, appends }];
    });
    if (writes.length > 0)
      this.#push({ words: [], variables: new Map(), isApart: place.isApart, ends: noShells, writes });
  }

  /** What a program that only hands on puts out. */
  #written(words: readonly Word[], input: Redirection | undefined, place: Place): string | undefined {
    const [program = '', ...rest] = words.flatMap((word) => this.#expand(word, place)).map(({ text }) => text);
    if (program === 'echo') return /^-[neE]+$/.test(rest[0] ?? '') ? undefined : `${rest.join(' ')}\n`;
    if (program !== 'cat' || rest.some((word) => word !== '-')) return undefined;
    if (input?.type === 'HereString') return input.target === undefined ? '' : this.#text(input.target, place);
    if (input?.type !== 'HereDoc') return undefined;
    const { parts, text } = input.body;
    if (parts === undefined) return input.delimiter?.quoted === true ? text : unescaped(text);
    return parts.map((part) => (part.type === 'Literal' ? unescaped(part.text) : this.#valueOf(part, place))).join('');
  }

  #push(command: ScriptCommand): void {
    if (this.commands.length < mostCommands) this.commands.push(command);
  }

  #assign(name: string, text: string, isAppended: boolean, { isPerhaps }: Place): void {
    const known = this.#variables.get(name);
    const before = known ?? [this.#source.valueOf(name) ?? ''];
    const now = isAppended ? before.map((value) => value + text) : [text];
    // In a branch that may not run the value of before may as well stay.
    this.#variables.set(name, [...new Set(isPerhaps ? [...before, ...now] : now)].slice(0, 8));
  }

  /** Once for each value that a variable in it may have. */
  #started(words: readonly Word[], given: ReadonlyMap<string, string>, place: Place): void {
    const most = Math.max(1, ...[...this.#variables.values()].map(({ length }) => length));
    const seen = new Set<string>();
    for (let choice = 0; choice < most; choice += 1) {
      this.#choice = choice;
      const expanded = words.flatMap((word) => this.#expand(word, place));
      const key = JSON.stringify(expanded);
      if (seen.has(key) || this.commands.length >= mostCommands) continue;
      seen.add(key);
      this.#run(expanded, given, place);
    }
    this.#choice = 0;
  }

  #run(words: readonly ArgumentWord[], given: ReadonlyMap<string, string>, place: Place): void {
    const [first] = words;
    if (first === undefined) return;
    const body = this.#functions.get(first.text);
    if (body !== undefined && place.depth < deepestCall) {
      this.#node(body, { ...place, positional: { words }, depth: place.depth + 1, ends: noShells });
      return;
    }
    const variables = new Map<string, string>();
    for (const [name, values] of this.#variables) variables.set(name, this.#chosen(values));
    for (const [name, value] of given) variables.set(name, value);
    // `set -- postgres "$@"` is what the entrypoints of images do before they exec "$@".
    if (first.text === 'set' && words[1]?.text === '--') {
      const [zero = first, ...now] = place.positional.words;
      // … and only where it is not there yet.
      const isThere = place.isPerhaps && words[2] !== undefined && now[0]?.text === words[2].text;
      if (!isThere) place.positional.words = [zero, ...words.slice(2)];
      return;
    }
    if (first.text === 'trap' && words.length > 2 && !/^-?$/.test(words[1]?.text ?? '')) this.#hasTrap = true;
    const ends = this.#hasTrap ? noShells : place.ends;
    this.#push({ words, variables, isApart: place.isApart, ends, writes: noWrites });
  }

  #chosen(values: Values): string {
    return values[Math.min(this.#choice, values.length - 1)] ?? '';
  }

  /** What runs in `$( )` and `<( )` runs too. */
  #substitutions(parts: readonly WordPart[] | undefined, place: Place): void {
    for (const part of parts ?? []) {
      if (part.type === 'CommandExpansion' || part.type === 'ProcessSubstitution')
        this.#statements(part.script?.commands ?? [], { ...place, isApart: true, isPerhaps: true, ends: noShells });
      else if (part.type === 'DoubleQuoted') this.#substitutions(part.parts, place);
    }
  }

  /** A word in quotes or behind `=`: one text. */
  #text(word: Word, place: Place): string {
    const words = this.#expand(word, place, true);
    return words.map(({ text }) => text).join(' ');
  }

  /** The words that a word becomes: none where it is an empty variable, several where that has blanks in it. */
  #expand(word: Word, place: Place, isWhole = false): readonly ArgumentWord[] {
    const { argument } = this.#source;
    const { parts } = word;
    if (parts === undefined) return [{ text: word.value, argument }];
    const all = isWhole ? undefined : this.#manyOf(parts, place);
    if (all !== undefined) return all;
    let texts: string[] = [];
    let current: string | undefined;
    const add = (text: string): void => {
      current = (current ?? '') + text;
    };
    for (const part of parts) {
      const value = this.#valueOf(part, place);
      const splits = !isWhole && splitTypes.has(part.type);
      if (!splits || value === part.text) {
        add(value);
        continue;
      }
      const pieces = value.split(/[ \t\n]+/);
      pieces.forEach((piece, index) => {
        if (index > 0 && current !== undefined) {
          texts.push(current);
          current = undefined;
        }
        if (piece !== '') add(piece);
      });
    }
    if (current !== undefined) texts.push(current);
    const [brace] = parts;
    if (!isWhole && parts.length === 1 && brace?.type === 'BraceExpansion') texts = [...inBraces(brace.text)];
    return texts.map((text) => ({ text, argument }));
  }

  /** `"$@"`, `$*`, `"${@:2}"`, `"${list[@]}"`: as many words as there are. */
  #manyOf(parts: readonly WordPart[], place: Place): readonly ArgumentWord[] | undefined {
    const [only] = parts;
    if (parts.length !== 1 || only === undefined) return undefined;
    const part = only.type === 'DoubleQuoted' && only.parts.length === 1 ? only.parts[0] : only;
    if (part?.type === 'SimpleExpansion' && /^\$[@*]$/.test(part.text)) return place.positional.words.slice(1);
    if (part?.type !== 'ParameterExpansion') return undefined;
    const { parameter, operation, index } = part;
    if (parameter === '@' || parameter === '*') {
      const offset = operation?.type === 'Slice' ? Number(operation.offset.value) : 1;
      return place.positional.words.slice(Number.isInteger(offset) && offset > 0 ? offset : 1);
    }
    const elements = index !== undefined && /^[@*]$/.test(index.value) ? this.#arrays.get(parameter) : undefined;
    return elements?.flatMap((element) => this.#expand(element, place));
  }

  #valueOf(part: WordPart, place: Place): string {
    switch (part.type) {
      case 'Literal':
      case 'SingleQuoted':
      case 'AnsiCQuoted':
        return part.value;
      case 'DoubleQuoted':
      case 'LocaleString':
        return part.parts.map((inner) => this.#valueOf(inner, place)).join('');
      case 'SimpleExpansion':
        return this.#parameter(part.text.slice(1), place) ?? part.text;
      case 'ParameterExpansion': {
        if (part.prefix !== undefined || part.index !== undefined) return part.text;
        const value = this.#parameter(part.parameter, place);
        if (part.operation === undefined) return value ?? part.text;
        if (part.operation.type !== 'Default') return part.text;
        const { operator, operand } = part.operation;
        const isSet = value !== undefined && (value !== '' || !operator.startsWith(':'));
        if (operator.endsWith('+')) return isSet ? this.#text(operand, place) : '';
        if (operator.endsWith('?')) return value ?? part.text;
        return isSet ? value : this.#text(operand, place);
      }
      case 'CommandExpansion':
        return this.#echoed(part, place) ?? part.text;
      default:
        return part.text;
    }
  }

  /** `$(echo off)`: the one program whose output is in the script. */
  #echoed(part: CommandExpansionPart, place: Place): string | undefined {
    const [statement, ...more] = part.script?.commands ?? [];
    const command = statement?.command;
    if (more.length > 0 || command?.type !== 'Command' || command.name?.value !== 'echo') return undefined;
    const words = command.args.flatMap((word) => (word.type === 'Word' ? this.#expand(word, place) : []));
    const texts = words.map(({ text }) => text);
    return command.redirects.length > 0 || /^-[neE]+$/.test(texts[0] ?? '') ? undefined : texts.join(' ');
  }

  #parameter(name: string, { positional }: Place): string | undefined {
    if (/^[0-9]+$/.test(name)) return positional.words[Number(name)]?.text ?? '';
    if (/^[@*]$/.test(name))
      return positional.words
        .slice(1)
        .map(({ text }) => text)
        .join(' ');
    const values = this.#variables.get(name);
    return values === undefined ? this.#source.valueOf(name) : this.#chosen(values);
  }
}

const noWrites: readonly FileWrite[] = Object.freeze([]);
const noShells: readonly LeavingShell[] = Object.freeze([]);
const onlyAsh: readonly LeavingShell[] = Object.freeze(['ash']);

/** In the last branch of these ash goes on as if nothing stood around it. */
const goesOn: ReadonlySet<Node['type']> = new Set(['AndOr', 'BraceGroup', 'Case', 'CompoundList', 'If']);

/**
 * The shells that the last command of a script may end. ash looks for the end of the text right behind it, bash for a newline more; bash sees
 * one line at a time, in which it may neither stand right behind `&` nor, behind a `;`, hang on `&&`.
 */
function leftBy(statements: readonly Statement[], text: string): readonly LeavingShell[] {
  const last = statements.at(-1);
  if (last === undefined) return noShells;
  const rest = /^[ \t;]*(?:#[^\n]*)?(\n?)$/.exec(text.slice(last.end));
  if (rest === null) return noShells;
  const isNextLine = (statement: Statement, index: number): boolean =>
    text.slice(statement.end, statements[index + 1]?.pos).includes('\n');
  const before = statements.slice(statements.slice(0, -1).findLastIndex(isNextLine) + 1, -1);
  const isLeftByBash = before.length === 0 || (last.command.type === 'Command' && before.at(-1)?.background !== true);
  return [...(isLeftByBash ? (['bash'] as const) : []), ...(rest[1] === '' ? onlyAsh : [])];
}

/** bash stays to undo a redirection, and both of them with a here-document. */
function redirected(redirects: readonly Redirection[], { ends }: Place): readonly LeavingShell[] {
  return ends.includes('ash') && redirects.every(({ type }) => type === 'Redirect') ? onlyAsh : noShells;
}

const writing: ReadonlySet<string> = new Set(['>', '>>', '>|', '&>', '&>>', '<>']);

const splitTypes: ReadonlySet<WordPart['type']> = new Set([
  'SimpleExpansion',
  'ParameterExpansion',
  'CommandExpansion',
]);

const declarations: ReadonlySet<string> = new Set(['export', 'declare', 'typeset', 'readonly', 'local']);

/** In a here-document a backslash escapes these and no other (POSIX, Shell Command Language 2.7.4). */
function unescaped(text: string): string {
  return text.replaceAll(/\\([$`\\]|\n)/g, (_, character: string) => (character === '\n' ? '' : character));
}

function functionBody(body: CommandNode | Redirected | CompoundList): CommandNode | CompoundList {
  return body.type === 'Redirected' ? body.command : body;
}

/** `{-F,-O}`; what is nested stays as it is. */
function inBraces(text: string): readonly string[] {
  const inner = /^\{([^{}]*,[^{}]*)\}$/.exec(text)?.[1];
  return inner === undefined ? [text] : inner.split(',');
}
