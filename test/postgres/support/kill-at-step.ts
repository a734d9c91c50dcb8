import fs from 'node:fs';
import promises from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

/**
 * Preloaded (`node --import`) into a program that writes files: numbers each call that changes something on disk, and
 * sends itself SIGKILL before number KILL_AT_STEP, or before the one that is called KILL_BEFORE (`name path`). With STEPS_TO, a
 * line `name path` for each goes there.
 *
 * A timer only hits the steps that take long; that between a rename and the fsync behind it is hit by counting.
 */
const killAt = Number(process.env['KILL_AT_STEP'] ?? Infinity);
const killBefore = process.env['KILL_BEFORE'];
const stepsTo = process.env['STEPS_TO'];
const steps = stepsTo === undefined || !isMainThread ? null : fs.openSync(stepsTo, 'w');
const writeLine = fs.writeSync;
let count = 0;

function step(what: string): void {
  if (steps !== null) {
    writeLine(steps, `${what}\n`);
  }
  count += 1;
  if (count === killAt || what === killBefore) {
    process.kill(process.pid, 'SIGKILL');
  }
}

/** @param withPath the first argument is the path, and not what is written. */
function countCalls(target: object, names: readonly string[], withPath: boolean): void {
  for (const name of names) {
    const original = Reflect.get(target, name) as (...all: unknown[]) => unknown;
    Reflect.set(target, name, function (this: unknown, ...all: unknown[]): unknown {
      const [path, flags] = all;
      // What is opened for reading changes nothing.
      if (!name.startsWith('open') || (flags !== undefined && flags !== 'r')) {
        step(withPath && typeof path === 'string' ? `${name} ${path}` : name);
      }
      return Reflect.apply(original, this, all);
    });
  }
}

// A thread loads this too; what threads do is not counted.
if (isMainThread) {
  const handle = await promises.open('/dev/null');
  countCalls(
    Object.getPrototypeOf(handle) as FileHandle,
    ['write', 'writeFile', 'truncate', 'sync', 'datasync'],
    false,
  );
  await handle.close();
  const changing = ['open', 'mkdir', 'rename', 'rm', 'unlink', 'link', 'symlink', 'chmod', 'chown', 'copyFile'];
  countCalls(promises, [...changing, 'writeFile', 'utimes', 'mkdtemp'], true);
  countCalls(fs, ['openSync', 'mkdirSync', 'write'], true);
  syncBuiltinESMExports();
}
