import type { Environment } from './environment.ts';
import { readScript } from './shell-script.ts';

/** What POSTGRES_INITDB_ARGS makes initdb do. */
export interface InitdbArguments {
  /** Long names of all options, in the order written. */
  readonly options: readonly string[];
  /** `-c`, `--set` (16 and newer): initdb writes them into postgresql.conf. Names in lower case with `_`. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
  /** Of the lines for 127.0.0.1 and ::1; the entrypoint adds one for everybody else behind them. */
  readonly hostMethod: string | undefined;
  readonly localMethod: string | undefined;
  readonly checksums: boolean | undefined;
  readonly walDirectory: string | undefined;
}

/** initdb(1): options with a value, by their letter where they have one. */
const valued: Readonly<Record<string, string>> = {
  auth: 'A',
  'auth-host': '',
  'auth-local': '',
  encoding: 'E',
  locale: '',
  'lc-collate': '',
  'lc-ctype': '',
  'lc-messages': '',
  'lc-monetary': '',
  'lc-numeric': '',
  'lc-time': '',
  'locale-provider': '',
  'builtin-locale': '',
  'icu-locale': '',
  'icu-rules': '',
  pgdata: 'D',
  pwfile: '',
  set: 'c',
  'text-search-config': 'T',
  username: 'U',
  waldir: 'X',
  'wal-segsize': '',
  'sync-method': '',
};

const flags: Readonly<Record<string, string>> = {
  'allow-group-access': 'g',
  'data-checksums': 'k',
  'no-data-checksums': '',
  debug: 'd',
  'discard-caches': '',
  'no-clean': 'n',
  'no-instructions': '',
  'no-locale': '',
  'no-sync': 'N',
  'no-sync-data-files': '',
  pwprompt: 'W',
  show: 's',
  'sync-only': 'S',
  help: '?',
  version: 'V',
};

const longNames = [...Object.keys(valued), ...Object.keys(flags)];

/** The image's entrypoint gives the text to `eval`, so that a shell takes it apart: quotes, comments and variables count. */
export function readInitdbArguments(
  text: string,
  valueOf: (name: string) => string | undefined = () => undefined,
): InitdbArguments {
  const reading = readScript({ text: `initdb ${text}`, argument: 0, positional: [], valueOf });
  // Not the first: what stands in `$( )` runs before.
  const ran =
    reading.kind === 'read' ? reading.commands.find(({ words: [name] }) => name?.text === 'initdb') : undefined;
  const words = (ran?.words ?? []).slice(1).map((word) => word.text);
  const options = optionsOf(words);
  const last = (...names: readonly string[]): string | undefined =>
    options.findLast(([name]) => names.includes(name))?.[1];
  const checksums = options.findLast(([name]) => name === 'data-checksums' || name === 'no-data-checksums')?.[0];
  return {
    options: options.map(([name]) => name),
    parameters: options.flatMap(([name, value]) => {
      const equals = name === 'set' ? value.indexOf('=') : -1;
      const key = value.slice(0, equals).trim().replaceAll('-', '_').toLowerCase();
      return equals < 1 ? [] : [[key, value.slice(equals + 1)] as const];
    }),
    hostMethod: last('auth', 'auth-host'),
    localMethod: last('auth', 'auth-local'),
    checksums: checksums === undefined ? undefined : checksums === 'data-checksums',
    walDirectory: last('waldir') || undefined,
  };
}

/** The value of `--waldir` alone. */
export function walDirectoryOfArguments(text: string, environment: Environment): string | undefined {
  return readInitdbArguments(text, (name) => {
    const entry = environment.get(name);
    return entry?.kind === 'value' ? entry.value : undefined;
  }).walDirectory;
}

/** As getopt_long does: names may be cut as long as they are one option's, letters bundled, values in the next word. */
function optionsOf(words: readonly string[]): readonly (readonly [name: string, value: string])[] {
  const found: (readonly [string, string])[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word === '--') break;
    if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const name = longName(word.slice(2, equals < 0 ? undefined : equals));
      if (name === undefined) continue;
      if (equals >= 0) found.push([name, word.slice(equals + 1)]);
      else if (Object.hasOwn(valued, name)) found.push([name, words[(index += 1)] ?? '']);
      else found.push([name, '']);
      continue;
    }
    if (!/^-./.test(word)) continue;
    for (let rest = word.slice(1); rest !== '';) {
      const letter = rest.charAt(0);
      rest = rest.slice(1);
      const flag = nameOf(flags, letter);
      const name = nameOf(valued, letter);
      if (flag !== undefined) found.push([flag, '']);
      if (name === undefined) continue;
      found.push([name, rest === '' ? (words[(index += 1)] ?? '') : rest]);
      rest = '';
    }
  }
  return found;
}

function longName(written: string): string | undefined {
  if (longNames.includes(written)) return written;
  const meant = longNames.filter((name) => name.startsWith(written));
  return meant.length === 1 ? meant[0] : undefined;
}

function nameOf(options: Readonly<Record<string, string>>, letter: string): string | undefined {
  return Object.keys(options).find((name) => options[name] === letter);
}
