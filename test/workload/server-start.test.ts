import { expect, test } from 'vitest';
import { readServerStart } from '../../src/workload/server-start.ts';

const entrypoint = { kind: 'entrypoint' };
const viaEntrypoint = { kind: 'direct', bypassesEntrypoint: false };
const bypassing = { kind: 'direct', bypassesEntrypoint: true };
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
  [['runuser', '-u', 'postgres', '--', 'postgres', ...switches], [], bypassing, [switches]],
  [['nice', '-n', '5', 'postgres', ...switches], [], bypassing, [switches]],
  [['env', 'LANG=C', 'postgres', ...switches], [], bypassing, [switches]],
  [['/scripts/start.sh'], ['postgres'], { kind: 'other', program: '/scripts/start.sh' }, []],
  [['bash', '-e', '/scripts/start.sh'], [], { kind: 'other', program: '/scripts/start.sh' }, []],
  [['sleep', 'infinity'], [], { kind: 'other', program: 'sleep' }, []],
  [[], ['sleep', 'infinity'], { kind: 'other', program: 'sleep' }, []],
  [['docker-entrypoint.sh', 'sleep', '1'], [], { kind: 'other', program: 'docker-entrypoint.sh' }, []],
  [['echo', 'postgres'], [], { kind: 'other', program: 'echo' }, []],
])('%j %j', (command, args, form, invocations) => {
  const start = readServerStart(command, args);
  expect(start.form).toEqual(form);
  expect(start.invocations.map((words) => words.map(({ text }) => text))).toEqual(invocations);
});

/** script, whether the shell is replaced, the words after each start of the server. */
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
  ['exec postgres -c fsync=off > /log 2>&1', true, [[...switches, '>', '/log', '2>&1']]],
  ['exec postgres -c fsync=off 2>&1 | tee /log', false, [[...switches, '2>&1']]],
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
    [['/bin/bash', '-ec'], [script]],
    [['bash', '-o', 'pipefail', '-c', script], []],
    [[], ['sh', '-c', script]],
    [['docker-entrypoint.sh', 'sh', '-c', script], []],
  ] as const) {
    const start = readServerStart(command, args);
    expect(start.form).toEqual({ kind: 'shell', script, execs });
    expect(start.invocations.map((words) => words.map(({ text }) => text))).toEqual(invocations);
  }
});

test('"$@" in a script is what follows it', () => {
  const start = readServerStart(['sh', '-c', 'exec docker-entrypoint.sh "$@"', '--'], ['postgres', ...switches]);
  expect(start.invocations).toEqual([
    [
      { text: '-c', argument: 5 },
      { text: 'fsync=off', argument: 6 },
    ],
  ]);
});

test('words know the argument they stand in', () => {
  expect(readServerStart(['postgres', '-c'], ['fsync=off']).invocations).toEqual([
    [
      { text: '-c', argument: 1 },
      { text: 'fsync=off', argument: 2 },
    ],
  ]);
  expect(readServerStart(['sh', '-c'], ['exec postgres -F']).invocations).toEqual([[{ text: '-F', argument: 2 }]]);
});
