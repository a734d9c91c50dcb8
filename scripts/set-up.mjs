/**
 * Makes a checkout ready: installs the packages of package-lock.json where they are missing or others, and makes sure that
 * the Node they bring (node_modules/.bin/node) runs.
 *
 * Runs where:  in a checkout, before every command of package.json and by bin/pgusher.
 * Needs:       any Node >= 20 with its npm; no package, since none may be there yet.
 * Prints:      nothing where all is well; otherwise what it does, on stderr.
 * Exit codes:  0 ready; 1 not, with what to do.
 * Safe twice:  yes, and at the same time: one installs, the others wait for it.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const root = resolve(import.meta.dirname, '..');
const lockFile = join(root, 'package-lock.json');
const ownNode = join(root, 'node_modules', '.bin', 'node');
/** A copy of the package-lock.json that was installed; bin/pgusher compares it too. */
const stamp = join(root, 'node_modules', '.pgusher-installed');
/** Beside the checkout, because `npm ci` starts by removing node_modules. */
const mutex = join(
  tmpdir(),
  `pgusher-set-up-${userInfo().username}-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`,
);

if (!isReady()) {
  await lock();
  try {
    // Whoever held the lock before has installed meanwhile.
    if (!isReady()) setUp();
  } finally {
    rmSync(mutex, { recursive: true, force: true });
  }
}

function isReady() {
  return existsSync(ownNode) && existsSync(stamp) && readFileSync(stamp).equals(readFileSync(lockFile));
}

function setUp() {
  if (!isInstalled()) {
    say('Installing the packages of package-lock.json; this takes about half a minute, once …');
    // engine-strict=false: packages for Node 24 are run with the Node 24 that comes with them.
    const npm = run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--engine-strict=false']);
    if (npm.status !== 0)
      fail(
        'npm could not install the packages',
        npm.output,
        'Check the network and the registry that npm uses (`npm ping`), then run this again.',
      );
  }
  const version = existsSync(ownNode) ? run(ownNode, ['--version']) : undefined;
  const wanted = lockedPackages()['node_modules/node']?.version;
  if (version === undefined) {
    fail(
      'The package `node` is installed, but its program is missing: npm held back its install script',
      '',
      'Run `npm rebuild node --ignore-scripts=false`, then this again. (The script fetches the program for this machine as a package.)',
    );
  }
  if (version.status !== 0 || version.output.trim() !== `v${wanted}`) {
    fail(
      `node_modules/.bin/node does not run; wanted v${wanted}`,
      version.output,
      'Remove node_modules and run this again. (It needs Linux with glibc, or macOS.)',
    );
  }
  copyFileSync(lockFile, stamp);
}

/** Somebody ran `npm ci` by hand: npm's own record of what is there has every package of package-lock.json. */
function isInstalled() {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  return Object.entries(lockedPackages()).every(
    ([path, { version, optional }]) =>
      path === '' || installed[path]?.version === version || (optional === true && installed[path] === undefined),
  );
}

function lockedPackages() {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
}

/** A directory is made by one process only. One whose maker is gone is moved away, which again only one manages. */
async function lock() {
  for (;;) {
    try {
      mkdirSync(mutex);
      writeFileSync(join(mutex, 'pid'), String(process.pid));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAbandoned()) {
      const aside = `${mutex}.${process.pid}`;
      try {
        renameSync(mutex, aside);
        rmSync(aside, { recursive: true, force: true });
      } catch (error) {
        if (error.code !== 'ENOENT') throw error;
      }
    } else {
      await wait(200);
    }
  }
}

function isAbandoned() {
  try {
    process.kill(Number(readFileSync(join(mutex, 'pid'), 'utf8')), 0);
    return false;
  } catch (error) {
    if (error.code === 'ESRCH') return true;
    if (error.code !== 'ENOENT') return false;
  }
  // Made, but its number not written yet: that takes milliseconds, unless its maker died in between.
  try {
    return Date.now() - statSync(mutex).mtimeMs > 5_000;
  } catch {
    return false;
  }
}

function run(program, args) {
  const result = spawnSync(program, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return {
    status: result.error === undefined ? result.status : -1,
    output: result.error?.message ?? `${result.stdout}${result.stderr}`,
  };
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function fail(what, output, remedy) {
  say(`${what}.`);
  if (output.trim() !== '') say(output.trim().replaceAll(/^/gm, '  '));
  say(remedy);
  rmSync(mutex, { recursive: true, force: true });
  process.exit(1);
}
