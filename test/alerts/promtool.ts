import { execFileSync } from 'node:child_process';

/** Standard output of Debian's promtool; throws with all that it said where it is not content. */
export function promtool(folder: string, ...args: readonly string[]): string {
  return execFileSync('promtool', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
