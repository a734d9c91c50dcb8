import type { Environment } from './environment.ts';
import { simpleCommands } from './shell-words.ts';

/** Switches of initdb(1) that take a value; those of 13 to 19. */
const shortWithValue = new Set('AcDELTUX');
const longWithValue = [
  'auth',
  'auth-host',
  'auth-local',
  'builtin-locale',
  'encoding',
  'icu-locale',
  'icu-rules',
  'lc-collate',
  'lc-ctype',
  'lc-messages',
  'lc-monetary',
  'lc-numeric',
  'lc-time',
  'locale',
  'locale-provider',
  'pgdata',
  'pwfile',
  'set',
  'sync-method',
  'text-search-config',
  'username',
  'wal-segsize',
  'waldir',
];
const longWithout = [
  'allow-group-access',
  'data-checksums',
  'debug',
  'discard-caches',
  'help',
  'no-clean',
  'no-data-checksums',
  'no-instructions',
  'no-locale',
  'no-sync',
  'no-sync-data-files',
  'pwprompt',
  'show',
  'sync-only',
  'version',
];

/**
 * The value of `--waldir` among initdb's arguments as the official entrypoint hands them over: POSTGRES_INITDB_ARGS is read by
 * `eval`, so that it has the shell's quotes and variables, and then by getopt_long(3): bundled short switches, the value in the
 * same word or in the next, names of long ones as short as they are unambiguous, and the last one counts.
 */
export function walDirectoryOfArguments(text: string, environment: Environment): string | undefined {
  const words = (simpleCommands(text)[0]?.words ?? []).map((word) => withVariables(word, environment));
  let found: string | undefined;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') break;
    const { name, value, takesNext } = word.startsWith('--') ? longSwitch(word) : shortSwitch(word);
    if (name === 'waldir') found = takesNext ? words[at + 1] : value;
    if (takesNext) at += 1;
  }
  return found === '' ? undefined : found;
}

interface Switch {
  /** In its long form; undefined where it is not `waldir` and takes nothing. */
  readonly name: string | undefined;
  readonly value: string | undefined;
  readonly takesNext: boolean;
}

function longSwitch(word: string): Switch {
  const equals = word.indexOf('=');
  const written = word.slice(2, equals === -1 ? undefined : equals);
  const meant = [...longWithValue, ...longWithout].filter((name) => name.startsWith(written));
  const name = meant.includes(written) ? written : meant.length === 1 ? meant[0] : undefined;
  const valued = name !== undefined && longWithValue.includes(name);
  return { name, value: equals === -1 ? undefined : word.slice(equals + 1), takesNext: valued && equals === -1 };
}

function shortSwitch(word: string): Switch {
  if (!word.startsWith('-')) return { name: undefined, value: undefined, takesNext: false };
  const at = [...word].findIndex((letter, index) => index > 0 && shortWithValue.has(letter));
  if (at === -1) return { name: undefined, value: undefined, takesNext: false };
  const value = word.slice(at + 1);
  return { name: word[at] === 'X' ? 'waldir' : undefined, value, takesNext: value === '' };
}

/** `$NAME` and `${NAME}` that `env` gives a literal value; what else there is stays as written. */
function withVariables(word: string, environment: Environment): string {
  const variable = /\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})/g;
  return word.replace(variable, (written: string, plain: string | undefined, braced: string | undefined) => {
    const entry = environment.get(plain ?? braced ?? '');
    return entry?.kind === 'value' ? entry.value : written;
  });
}
