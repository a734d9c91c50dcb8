import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isReplaced, readServerStart } from '../../src/workload/server-start.ts';
import type { Sh } from '../../src/workload/started-programs.ts';

/** `postgres` that says its process id, so that each shell itself can be asked whether it is gone when the server runs. */
const folder = mkdtempSync(join(tmpdir(), 'pgusher-shell-'));
writeFileSync(join(folder, 'postgres'), '#!/bin/sh\necho server $$\n');
chmodSync(join(folder, 'postgres'), 0o755);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const shells: readonly (readonly [sh: Sh, words: readonly string[]])[] = [
  ['dash', ['dash', '-c']],
  ['ash', ['busybox', 'ash', '-c']],
  ['bash', ['bash', '-c']],
];

/** What the container's `sh` would be, and whether the machine that tests has it. */
const here = shells.filter(([, [program = '', ...rest]]) => spawnSync(program, [...rest, 'true']).status === 0);

const scripts = [
  'postgres -F',
  '\npostgres\n',
  'postgres\n\n',
  'LANG=C postgres',
  'postgres 2>&1',
  'postgres <<EOF\nx\nEOF',
  'true; postgres',
  'true\npostgres',
  'true\npostgres\n',
  'true &&\npostgres\n',
  'true && postgres',
  'false || postgres',
  'true && { postgres; }',
  'true; true && postgres',
  'set -e\ntrue && postgres',
  "trap 'true' TERM; postgres",
  "trap '' TERM; postgres",
  '{ true; postgres; }',
  '{ postgres; } 2>&1',
  'if true; then postgres; fi',
  'if false; then true; elif true; then postgres; fi',
  'if false; then true; else true && postgres; fi',
  'if true; then true; fi; postgres',
  'case a in a) true; postgres;; esac',
  'run() { postgres; }; run',
  'for i in 1; do postgres; done',
  'export A=1; postgres',
  'postgres # why',
  'postgres # why\n',
  'postgres\n# why',
  'postgres;',
  'postgres; true',
  'postgres || exit 1',
  '! postgres',
  "eval 'postgres'",
  'true & postgres',
  'true &\npostgres',
  'true & true; postgres',
  'true | postgres',
  'postgres | cat',
  'while true; do postgres; break; done',
  'exec 3>/dev/null; postgres',
  'command postgres',
  'cat <<EOF >/dev/null\nx\nEOF\npostgres',
  'mkdir -p /tmp && exec postgres',
  'exec postgres 2>&1',
  "bash -c 'postgres'",
  "bash -c 'postgres; true'",
  "true; bash -c 'postgres'",
  'postgres "$@"',
];

test('bash and dash are here to be asked', () => {
  expect(here.map(([sh]) => sh)).toEqual(expect.arrayContaining(['dash', 'bash']));
});

test.each(here)('what %s leaves for the server is read as it does it', (sh, words) => {
  const [program = '', ...rest] = words;
  const seen = scripts.map((script) => {
    const { pid, stdout } = spawnSync(program, [...rest, script], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` },
    });
    return [script, stdout.trim() === `server ${String(pid)}`];
  });
  const read = scripts.map((script) => {
    const { form } = readServerStart(['sh', '-c', script], []);
    return [script, form.kind === 'shell' && isReplaced(form, sh) === true];
  });
  expect(read).toEqual(seen);
});

/** By the name that is written, whatever `sh` is. */
test.each<readonly [readonly string[], readonly Sh[]]>([
  [
    ['bash', '-ec', 'true; postgres'],
    ['dash', 'ash', 'bash'],
  ],
  [
    ['/bin/ash', '-c', 'postgres 2>&1'],
    ['dash', 'ash', 'bash'],
  ],
  [['bash', '-c', 'postgres 2>&1'], []],
  [['dash', '-c', 'postgres'], []],
  [
    ['sh', '-c', 'postgres'],
    ['bash', 'ash'],
  ],
  [
    ['sh', '-c', "bash -c 'postgres'"],
    ['bash', 'ash'],
  ],
  [['bash', '-c', "sh -c 'postgres 2>&1'"], ['ash']],
  [['su', 'postgres', '-c', 'exec postgres'], ['ash']],
  [['su', 'postgres', '-c', 'postgres; true'], []],
  [['runuser', 'postgres', '-c', 'exec postgres'], []],
])('%j gives way where sh is %j', (command, replacesUnder) => {
  expect(readServerStart(command, []).form).toMatchObject({ kind: 'shell', replacesUnder });
});
