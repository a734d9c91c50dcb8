/** One word of the command line that starts the server, and the index of the argument (command + args) it stands in. */
export interface ArgumentWord {
  readonly text: string;
  readonly argument: number;
}

export interface SwitchedParameter {
  readonly name: string;
  readonly value: string;
  readonly argument: number;
}

/** What the switches of postgres(1) say. */
export interface ServerSwitches {
  /** In the order written: for PostgreSQL the last one of a name counts. */
  readonly parameters: readonly SwitchedParameter[];
  /** `-D`: data, or only the configuration, see data-directory.ts. */
  readonly directory: { readonly path: string; readonly argument: number } | undefined;
}

/** Switches without a value, and what they stand for; undefined: nothing that is a parameter. */
const flags: Readonly<Record<string, readonly [name: string, value: string] | undefined>> = {
  // In no manual: how pg_upgrade starts a server.
  b: undefined,
  E: undefined,
  e: ['datestyle', 'ISO,European'],
  F: ['fsync', 'off'],
  i: ['listen_addresses', '*'],
  j: undefined,
  l: ['ssl', 'on'],
  n: undefined,
  O: ['allow_system_table_mods', 'on'],
  P: ['ignore_system_indexes', 'on'],
  s: ['log_statement_stats', 'on'],
  T: undefined,
};

/** Switches with a value that is a parameter's. */
const valued: Readonly<Record<string, string | undefined>> = {
  B: 'shared_buffers',
  C: undefined,
  d: undefined,
  h: 'listen_addresses',
  k: 'unix_socket_directories',
  N: 'max_connections',
  p: 'port',
  r: undefined,
  S: 'work_mem',
  v: undefined,
  W: 'post_auth_delay',
};

const planners: Readonly<Record<string, string>> = {
  b: 'enable_bitmapscan',
  h: 'enable_hashjoin',
  i: 'enable_indexscan',
  m: 'enable_mergejoin',
  n: 'enable_nestloop',
  o: 'enable_indexonlyscan',
  s: 'enable_seqscan',
  t: 'enable_tidscan',
};

const statistics: Readonly<Record<string, string>> = {
  pa: 'log_parser_stats',
  pl: 'log_planner_stats',
  e: 'log_executor_stats',
};

/** Reads words as getopt() does in postgres(1): flags may be bundled, a value may follow in the next word. */
export function readSwitches(words: readonly ArgumentWord[]): ServerSwitches {
  const parameters: SwitchedParameter[] = [];
  let directory: ServerSwitches['directory'];
  let index = 0;
  while (index < words.length) {
    const word = words[index];
    index += 1;
    // The first word that is no switch ends them, as does a bare `--`.
    if (word === undefined || !/^-./.test(word.text) || word.text === '--') break;
    const { argument } = word;
    let rest = word.text.slice(1);
    while (rest !== '') {
      const letter = rest.charAt(0);
      rest = rest.slice(1);
      if (Object.hasOwn(flags, letter)) {
        const meant = flags[letter];
        if (meant !== undefined) parameters.push({ name: meant[0], value: meant[1], argument });
        continue;
      }
      const value = rest !== '' ? rest : (words[index]?.text ?? '');
      if (rest === '') index += 1;
      rest = '';
      if (letter === 'D') directory = { path: value, argument };
      const meant = parameterOf(letter, value);
      if (meant !== undefined) parameters.push({ name: meant[0], value: meant[1], argument });
    }
  }
  return { parameters, directory };
}

function parameterOf(letter: string, value: string): readonly [name: string, value: string] | undefined {
  switch (letter) {
    case 'c':
    case '-':
      return assignment(value);
    case 'f': {
      const name = planners[value];
      return name === undefined ? undefined : [name, 'off'];
    }
    case 't': {
      const name = statistics[value.startsWith('e') ? 'e' : value.slice(0, 2)];
      return name === undefined ? undefined : [name, 'on'];
    }
    default: {
      const name = Object.hasOwn(valued, letter) ? valued[letter] : undefined;
      return name === undefined ? undefined : [name, value];
    }
  }
}

/** `--shared-buffers=1GB`: dashes in the name are underscores, the name's case does not matter (ParseLongOption). */
function assignment(text: string): readonly [name: string, value: string] | undefined {
  const equals = text.indexOf('=');
  if (equals < 1) return undefined;
  return [text.slice(0, equals).replaceAll('-', '_').toLowerCase(), text.slice(equals + 1)];
}
