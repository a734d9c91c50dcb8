import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A test that needs a program says so by name. On a laptop a missing program skips the test and the reason is printed;
 * where CI=true it is a failure, so that a ring of tests never turns green by not running.
 */
export type Tool = { readonly found: true; readonly path: string } | { readonly found: false; readonly reason: string };

/** Looks below the PostgreSQL directories of Debian (newest major first, or `major`) and in PATH. */
export function findTool(name: string, major?: number): Tool {
  for (const directory of searchPath(major)) {
    const path = join(directory, name);
    if (existsSync(path)) {
      return { found: true, path };
    }
  }
  const wanted = major === undefined ? name : `${name} of PostgreSQL ${major}`;
  return { found: false, reason: `${wanted} is not installed (looked below ${debianRoot} and in PATH)` };
}

/**
 * Condition for `describe.skipIf(...)`: true where one of the programs is missing.
 *
 *     describe.skipIf(missingTools('postgres', 'pg_receivewal'))('…', () => { … });
 *
 * @throws where CI=true and a program is missing.
 */
export function missingTools(...names: readonly string[]): boolean {
  for (const name of names) {
    const tool = findTool(name);
    if (!tool.found) {
      if (process.env['CI'] === 'true') {
        throw new Error(tool.reason);
      }
      console.warn(`skipped: ${tool.reason}`);
      return true;
    }
  }
  return false;
}

/**
 * The path of a program that this test cannot do without.
 * @throws where it is missing; ask `missingTools` first.
 */
export function requireTool(name: string, major?: number): string {
  const tool = findTool(name, major);
  if (!tool.found) {
    throw new Error(tool.reason);
  }
  return tool.path;
}

/** True where this process is root and may switch to another user, mount a tmpfs and the like. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** True where a small tmpfs can be mounted (root with CAP_SYS_ADMIN): the only honest way to a full or read-only store. */
export function canMount(): boolean {
  return isRoot() && spawnSync('unshare', ['--mount', 'true']).status === 0;
}

const debianRoot = '/usr/lib/postgresql';

function searchPath(major: number | undefined): string[] {
  const majors = existsSync(debianRoot)
    ? readdirSync(debianRoot)
        .map(Number)
        .filter((found) => Number.isInteger(found) && (major === undefined || found === major))
        .sort((left, right) => right - left)
    : [];
  const ofPostgres = majors.map((found) => join(debianRoot, String(found), 'bin'));
  return major === undefined ? [...ofPostgres, ...(process.env['PATH'] ?? '').split(':')] : ofPostgres;
}
