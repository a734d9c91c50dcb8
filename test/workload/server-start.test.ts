import { expect, test } from 'vitest';
import { readServerStart } from '../../src/workload/server-start.ts';

const entrypoint = { kind: 'entrypoint' };
const viaEntrypoint = { kind: 'direct', bypassesEntrypoint: false, waiting: undefined };
const bypassing = { kind: 'direct', bypassesEntrypoint: true, waiting: undefined };
const switches = ['-c', 'fsync=off'];

/** command, args, form, the words after each start of the server. */
test.each<readonly [readonly string[], readonly string[], object, readonly (readonly string[])[]]>([
  [[], [], entrypoint, [[]]],
  [[], ['postgres'], entrypoint, [[]]],
  [[], switches, entrypoint, [switches]],
  [[], ['postgres', ...switches], entrypoint, [switches]],
  [[], ['docker-entrypoint.sh', 'postgres', ...switches], entrypoint, [switches]],
  [['docker-entrypoint.sh'], switches, viaEntrypoint, [switches]],
  [['/usr/local/bin/docker-entrypoint.sh'], ['postgres', ...switches], viaEntrypoint, [switches]],
  [['docker-entrypoint.sh', 'postgres', ...switches], [], viaEntrypoint, [switches]],
  [['postgres'], switches, bypassing, [switches]],
  [['/usr/lib/postgresql/17/bin/postgres', ...switches], ['-D', '/data'], bypassing, [[...switches, '-D', '/data']]],
  [['tini', '--', 'docker-entrypoint.sh'], ['postgres', ...switches], viaEntrypoint, [switches]],
  [['gosu', 'postgres', 'postgres', ...switches], [], bypassing, [switches]],
  [['gosu', 'postgres', 'docker-entrypoint.sh', 'postgres', ...switches], [], viaEntrypoint, [switches]],
  [['runuser', '-u', 'postgres', '--', 'postgres', ...switches], [], { ...bypassing, waiting: 'runuser' }, [switches]],
  [['nice', '-n', '5', 'postgres', ...switches], [], bypassing, [switches]],
  [['env', 'LANG=C', 'postgres', ...switches], [], bypassing, [switches]],
  [['/scripts/start.sh'], ['postgres'], { kind: 'other', program: '/scripts/start.sh' }, []],
  [['bash', '-e', '/scripts/start.sh'], [], { kind: 'other', program: '/scripts/start.sh' }, []],
  [['sleep', 'infinity'], [], { kind: 'other', program: 'sleep' }, []],
  [[], ['sleep', 'infinity'], { kind: 'other', program: 'sleep' }, []],
  [['docker-entrypoint.sh', 'sleep', '1'], [], { kind: 'other', program: 'sleep' }, []],
  [['echo', 'postgres'], [], { kind: 'other', program: 'echo' }, []],
])('%j %j', (command, args, form, invocations) => {
  const start = readServerStart(command, args);
  expect(start.form).toEqual(form);
  expect(start.invocations.map(({ words }) => words.map(({ text }) => text))).toEqual(invocations);
});

/** script, whether it says exec, the words after each start of the server. */
test.each<readonly [string, boolean, readonly (readonly string[])[]]>([
  ['exec postgres -c fsync=off', true, [switches]],
  ['exec docker-entrypoint.sh postgres -c fsync=off', true, [switches]],
  ['postgres -c fsync=off', false, [switches]],
  ['set -e\nchmod 700 "$PGDATA"; exec postgres -c "fsync=off"', true, [switches]],
  ["mkdir -p /x && exec gosu postgres postgres -c 'fsync=off'", true, [switches]],
  ['if [ -f /x ]; then exec postgres -c fsync=off; else exec postgres; fi', true, [switches, []]],
  ['exec postgres \\\n  -c fsync=off', true, [switches]],
  ['exec postgres -c fsync\\=off # but why', true, [switches]],
  ['# exec postgres\npostgres -c fsync=off', false, [switches]],
  ['LANG=C exec postgres -c "log_line_prefix=\\"a b\\" "', true, [['-c', 'log_line_prefix="a b" ']]],
  ['(postgres -c fsync=off) &\nwait', false, [switches]],
  ['exec "/usr/local/bin/docker-entrypoint.sh" "postgres" "-c" "fsync=off"', true, [switches]],
  ['exec postgres -c fsync=off > /log 2>&1', true, [switches]],
  ['exec postgres -c fsync=off 2>&1 | tee /log', false, [switches]],
  ['yes | exec postgres -c fsync=off', false, [switches]],
  ['exec postgres -c fsync=off & wait', false, [switches]],
  ['true || exec postgres -c fsync=off', true, [switches]],
  ['sleep 1 &\nexec postgres -c fsync=off', true, [switches]],
  ['/scripts/start.sh', false, []],
  ['exec /scripts/start.sh', true, []],
  ['echo exec postgres', false, []],
  ['', false, []],
])('sh -c %j', (script, execs, invocations) => {
  for (const [command, args] of [
    [['sh', '-c', script], []],
    [['/bin/dash', '-ec'], [script]],
    [['sh', '-o', 'pipefail', '-c', script], []],
    [[], ['sh', '-c', script]],
    [['docker-entrypoint.sh', 'sh', '-c', script], []],
  ] as const) {
    const start = readServerStart(command, args);
    expect(start.form).toMatchObject({ kind: 'shell', script });
    if (execs) expect(start.form).toMatchObject({ replacesUnder: ['dash', 'ash', 'bash'] });
    else expect(start.form).not.toMatchObject({ replacesUnder: expect.arrayContaining(['dash']) as object });
    expect(start.invocations.map(({ words }) => words.map(({ text }) => text))).toEqual(invocations);
  }
});

/** As the shells themselves start it: command, the words after each start of the server, and what is set for it. */
const started: readonly (readonly [readonly string[], readonly (readonly string[])[], object?])[] = [
  [['bash', '-euo', 'pipefail', '-c', 'exec postgres -F'], [['-F']]],
  [['bash', '-ceuo', 'pipefail', 'exec postgres -F'], [['-F']]],
  [['bash', '-ce', 'exec postgres -F'], [['-F']]],
  [['bash', '-c', '--', 'exec postgres -F'], [['-F']]],
  [['bash', '+x', '-c', 'exec postgres -F'], [['-F']]],
  [['busybox', 'sh', '-c', 'exec postgres -F'], [['-F']]],
  [['bash', '/usr/local/bin/docker-entrypoint.sh', 'postgres', '-F'], [['-F']]],
  [['setsid', 'postgres', '-F'], [['-F']]],
  [['timeout', '-s', 'INT', '60', 'postgres', '-F'], [['-F']]],
  [['chrt', '-b', '0', 'postgres', '-F'], [['-F']]],
  [['env', '-u', 'A', 'postgres', '-F'], [['-F']]],
  [['env', '-S', 'postgres -F'], [['-F']]],
  [['env', 'PGPORT=5433', 'postgres'], [[]], { PGPORT: '5433' }],
  [['runuser', '-u', 'postgres', '--', 'postgres', '-F'], [['-F']]],
  [['su', '-', 'postgres', '-c', 'exec postgres -F'], [['-F']]],
  [['postgres', '--version'], []],
  [['sh', '-c', "exec sh -c 'exec postgres -F'"], [['-F']]],
  [['sh', '-c', 'eval "exec postgres -F"'], [['-F']]],
  [
    ['sh', '-c', 'if [ -n "$SAFE" ]; then exec postgres; else exec postgres -F; fi'],
    [[], ['-F']],
  ],
  [['sh', '-c', 'case a in a) exec postgres -F;; esac'], [['-F']]],
  [['sh', '-c', 'run() { exec postgres "$@"; }; run -F'], [['-F']]],
  [['sh', '-c', 'run() { exec postgres -F; }; exec postgres'], [[]]],
  [['sh', '-c', 'for f in -F; do exec postgres $f; done'], [['-F']]],
  [['sh', '-c', 'OPTS="-c fsync=off"; exec postgres $OPTS'], [switches]],
  [['sh', '-c', 'OPTS="-F"; exec postgres "$OPTS"'], [['-F']]],
  [
    ['sh', '-c', 'if x; then OPTS=-F; fi; exec postgres $OPTS'],
    [[], ['-F']],
  ],
  [['sh', '-c', 'exec postgres -c fsync=${F:-off}'], [switches]],
  [['sh', '-c', 'exec postgres -c fsync=$(echo off)'], [switches]],
  [['sh', '-c', 'exec postgres $UNKNOWN'], [['$UNKNOWN']]],
  [['sh', '-c', 'P=postgres; exec $P -F'], [['-F']]],
  [['sh', '-c', 'exec docker-entrypoint.sh "$1" "$2"', 'x', 'postgres', '-F'], [['-F']]],
  [['sh', '-c', 'exec postgres "$0"', '-F'], [['-F']]],
  [['sh', '-c', 'set -- -c fsync=off "$@"; exec postgres "$@"'], [switches]],
  [['sh', '-c', 'exec postgres -p 5433', 'x', '-F'], [['-p', '5433']]],
  [['sh', '-c', 'export PGPORT=5433; exec postgres'], [[]], { PGPORT: '5433' }],
  [['sh', '-c', 'PGPORT=5433 exec postgres'], [[]], { PGPORT: '5433' }],
  [['sh', '-c', 'cat <<EOF\npostgres -F\nEOF\nexec postgres'], [[]]],
  [['sh', '-c', 'cat <<-"EOF" | tee x\n\texec postgres -F\n\tEOF\nexec postgres'], [[]]],
  [['sh', '-c', "exec postgres <<< '-F'"], [[]]],
  [['sh', '-c', 'echo "$(postgres --version)"; exec postgres'], [[]]],
  [['sh', '-c', 'command -v postgres && exec postgres -F'], [['-F']]],
  [['bash', '-c', 'a=(-c fsync=off); exec postgres "${a[@]}"'], [switches]],
  [['bash', '-c', 'exec postgres "${@:1}"', 'x', '-F'], [['-F']]],
  [['bash', '-c', 'exec postgres {-F,-O}'], [['-F', '-O']]],
  [['bash', '-c', "exec postgres -c $'fsync=off'"], [switches]],
  [['bash', '-c', 'exec -a pg postgres -F'], [['-F']]],
];

test.each(started.map(([command, invocations, variables = {}]) => ({ command, invocations, variables })))(
  '$command starts $invocations',
  ({ command, invocations, variables }) => {
    const start = readServerStart(command, []);
    expect(start.invocations.map(({ words }) => words.map(({ text }) => text))).toEqual(invocations);
    expect(Object.fromEntries(start.invocations[0]?.variables ?? [])).toMatchObject(variables);
  },
);

test('a variable of the container is known to its script', () => {
  const { invocations } = readServerStart(['sh', '-c', 'exec postgres $OPTS'], [], (name) =>
    name === 'OPTS' ? '-c fsync=off' : undefined,
  );
  expect(invocations.map(({ words }) => words.map(({ text }) => text))).toEqual([switches]);
});

test.each([
  ['exec postgres "unclosed', /./],
  ['if x; then exec postgres', /fi/],
  [`exec postgres ${'('.repeat(3)}`, /./],
])('%j cannot be read, and nothing is guessed of it', (script, problem) => {
  const { form, invocations } = readServerStart(['sh', '-c', script], []);
  expect(form).toMatchObject({ kind: 'shell', problem: expect.stringMatching(problem) as unknown });
  expect(invocations).toEqual([]);
});

test.each([
  ['exec /scripts/start.sh', '/scripts/start.sh'],
  ['mkdir -p /x; /scripts/start.sh & wait', '/scripts/start.sh'],
  ['tail -f /dev/null', 'tail'],
  ['exec "$PROGRAM"', '$PROGRAM'],
  ['', undefined],
])('%j starts no server but %s', (script, runs) => {
  expect(readServerStart(['sh', '-c', script], []).form).toMatchObject({ kind: 'shell', runs, problem: undefined });
});

test('scripts in scripts, loops and calls of itself come to an end', () => {
  const nested = Array.from({ length: 12 }).reduce<string>((inner) => `sh -c ${JSON.stringify(inner)}`, 'postgres');
  expect(readServerStart(['sh', '-c', nested], []).form).toMatchObject({ problem: 'it holds scripts in scripts' });
  expect(readServerStart(['sh', '-c', 'f() { f; }; f; exec postgres'], []).invocations).toHaveLength(1);
});

test('"$@" in a script is what follows it', () => {
  const start = readServerStart(['sh', '-c', 'exec docker-entrypoint.sh "$@"', '--'], ['postgres', ...switches]);
  expect(start.invocations.map(({ words }) => words)).toEqual([
    [
      { text: '-c', argument: 5 },
      { text: 'fsync=off', argument: 6 },
    ],
  ]);
});

test('words know the argument they stand in', () => {
  expect(readServerStart(['postgres', '-c'], ['fsync=off']).invocations.map(({ words }) => words)).toEqual([
    [
      { text: '-c', argument: 1 },
      { text: 'fsync=off', argument: 2 },
    ],
  ]);
  expect(readServerStart(['sh', '-c'], ['exec postgres -F']).invocations).toMatchObject([
    { words: [{ text: '-F', argument: 2 }] },
  ]);
});

test.each<readonly [string, readonly (readonly string[])[]]>([
  // Text is no start …
  ['cat > /tmp/help <<EOF\npostgres -c fsync=off\nEOF\nexec postgres', [[]]],
  ['cat <<EOF\nexec postgres -c fsync=off\nEOF', []],
  // … unless it is run afterwards.
  ['cat > /start.sh <<EOF\n#!/bin/sh\nexec postgres -c fsync=off\nEOF\nchmod +x /start.sh; exec /start.sh', [switches]],
  ['cat > /tmp/start.sh <<EOF\nexec postgres "\\$@"\nEOF\nsh -e /tmp/start.sh -c fsync=off', [switches]],
  ["cat > s.sh <<'EOF'\nexec docker-entrypoint.sh postgres $OPTS\nEOF\nOPTS='-c fsync=off'; . ./s.sh", [switches]],
  ['echo "exec postgres -c fsync=off" > /s; echo "# end" >> /s; bash /s', [switches]],
  // What a program puts out is not known.
  ['wget -O - https://example.org/ > /s.sh; bash /s.sh', []],
])('%j', (script, invocations) => {
  const start = readServerStart(['sh', '-c', script], []);
  expect(start.invocations.map(({ words }) => words.map(({ text }) => text))).toEqual(invocations);
});
