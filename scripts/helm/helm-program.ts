import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { cache } from '../cluster/kubernetes.ts';

/** Both majors that are in use: they write to a cluster in different ways (docs/install.md, "With Helm"). */
export const helmVersions = ['v3.22.0', 'v4.3.2'] as const;

/** Path of the program of a release, which is built where it is not there yet: a minute or two. */
export function helmProgram(version: (typeof helmVersions)[number]): string {
  const directory = join(cache, 'helm', version);
  execFileSync('sh', [join(import.meta.dirname, 'build-helm.sh'), directory, version], {
    stdio: ['ignore', 'ignore', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
  return join(directory, 'helm');
}
