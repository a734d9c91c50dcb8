import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { root } from './support/run-pgusher.ts';

/** A checkout as npm leaves it, with one package; what npm itself does needs a registry and is left to a fresh clone. */
let checkout: string;
let mutex: string;

beforeEach(() => {
  checkout = realpathSync(mkdtempSync(join(tmpdir(), 'pgusher-checkout-')));
  const digest = createHash('sha256').update(checkout).digest('hex').slice(0, 16);
  mutex = join(tmpdir(), `pgusher-set-up-${userInfo().username}-${digest}`);
  mkdirSync(join(checkout, 'scripts'));
  mkdirSync(join(checkout, 'node_modules/.bin'), { recursive: true });
  copyFileSync(join(root, 'scripts/set-up.mjs'), join(checkout, 'scripts/set-up.mjs'));
  const packages = { '': {}, 'node_modules/node': { version: process.version.slice(1) } };
  writeFileSync(join(checkout, 'package-lock.json'), JSON.stringify({ packages }));
  writeFileSync(join(checkout, 'node_modules/.package-lock.json'), JSON.stringify({ packages }));
});

afterEach(() => {
  for (const path of [checkout, mutex]) rmSync(path, { recursive: true, force: true });
});

function linkNode(): void {
  symlinkSync(process.execPath, join(checkout, 'node_modules/.bin/node'));
}

function setUp(): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(checkout, 'scripts/set-up.mjs')], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('what npm installed is taken as it is, without a word, and stamped', () => {
  linkNode();
  expect(setUp()).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(readFileSync(join(checkout, 'node_modules/.pgusher-installed'))).toEqual(
    readFileSync(join(checkout, 'package-lock.json')),
  );
  expect(setUp()).toEqual({ status: 0, stdout: '', stderr: '' });
});

test('an install script that npm held back is named, with what to do', () => {
  expect(setUp()).toEqual({
    status: 1,
    stdout: '',
    stderr: `The package \`node\` is installed, but its program is missing: npm held back its install script.
Run \`npm rebuild node --ignore-scripts=false\`, then this again. (The script fetches the program for this machine as a package.)
`,
  });
  expect(existsSync(mutex)).toBe(false);
});

test('a Node of another version is no Node for us', () => {
  writeFileSync(join(checkout, 'node_modules/.bin/node'), '#!/bin/sh\necho v1.2.3\n', { mode: 0o755 });
  expect(setUp()).toEqual({
    status: 1,
    stdout: '',
    stderr: `node_modules/.bin/node does not run; wanted ${process.version}.
  v1.2.3
Remove node_modules and run this again. (It needs Linux with glibc, or macOS.)
`,
  });
});

test('a lock whose holder is gone is taken over', () => {
  linkNode();
  const gone = spawnSync('true').pid;
  mkdirSync(mutex);
  writeFileSync(join(mutex, 'pid'), String(gone));
  expect(setUp()).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(existsSync(mutex)).toBe(false);
});

test('while somebody else sets up, one waits', async () => {
  linkNode();
  mkdirSync(mutex);
  writeFileSync(join(mutex, 'pid'), String(process.pid));
  const child = spawn(process.execPath, [join(checkout, 'scripts/set-up.mjs')], { stdio: 'inherit' });
  await wait(700);
  expect(child.exitCode).toBeNull();
  rmSync(mutex, { recursive: true });
  expect(await once(child, 'exit')).toEqual([0, null]);
});

function runProgram(
  cwd: string,
  args: readonly string[] = ['a b', '$HOME'],
): { status: number | null; stdout: string; stderr: string } {
  mkdirSync(join(checkout, 'bin'));
  copyFileSync(join(root, 'bin/pgusher'), join(checkout, 'bin/pgusher'));
  const { status, stdout, stderr } = spawnSync(join(checkout, 'bin/pgusher'), args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` },
  });
  return { status, stdout, stderr };
}

const printsArguments = 'process.stdout.write(JSON.stringify(process.argv.slice(2)));';

test('bin/pgusher sets a checkout up before it runs the sources', () => {
  linkNode();
  mkdirSync(join(checkout, 'src'));
  writeFileSync(join(checkout, 'src/main.ts'), printsArguments);
  expect(runProgram('/')).toEqual({ status: 0, stdout: '["a b","$HOME"]', stderr: '' });
  expect(existsSync(join(checkout, 'node_modules/.pgusher-installed'))).toBe(true);
});

test('bin/pgusher without sources, as in the image, runs what was compiled', () => {
  mkdirSync(join(checkout, 'dist'));
  writeFileSync(join(checkout, 'dist/main.js'), printsArguments);
  expect(runProgram(tmpdir())).toEqual({ status: 0, stdout: '["a b","$HOME"]', stderr: '' });
  expect(existsSync(join(checkout, 'node_modules/.pgusher-installed'))).toBe(false);
});

test('bin/pgusher serves compiled code with a small young space and one malloc arena', () => {
  mkdirSync(join(checkout, 'dist'));
  const printed = '[...process.execArgv, process.env.MALLOC_ARENA_MAX, process.argv.slice(2)]';
  writeFileSync(join(checkout, 'dist/main.js'), `process.stdout.write(JSON.stringify(${printed}));`);
  expect(runProgram(tmpdir(), ['serve', 'a b'])).toEqual({
    status: 0,
    stdout: '["--no-maglev","--max-semi-space-size=4","--heap-growing-percent=60","1",["serve","a b"]]',
    stderr: '',
  });
});
