/**
 * `npm run build [-- FOLDER]`: dist/, or FOLDER, for the image and the npm package. Each of the two programs becomes one file and what it
 * loads later, with all packages in it: the webhook is ready in four fifths of the time that four hundred files take, and nothing is
 * installed beside it.
 *
 *   dist/main.js, …        `pgusher`
 *   dist/agent/main.js, …  `pgusher-agent`
 *   dist/scripts/          the sh files, where dist/agent/ finds them as src/agent/restore/ does
 *   dist/LICENSES.txt      the licences of the packages in it
 *
 * Types are taken off, not checked: `npm run typecheck` does that. Exit codes: 0 built; 1 a file does not resolve or parse.
 */
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { licencesOf } from './build/licences.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = resolve(process.argv[2] ?? join(root, 'dist'));

/** `pg` and `debug` (of express) ask for them and go on without; the second is here for development alone, and would be shipped with its like. */
const optional = ['pg-native', 'supports-color'];

/** Threads are files of their own, which the program finds beside itself. Returns the paths of all files that went into it. */
async function bundle(folder: string, ...entries: readonly string[]): Promise<readonly string[]> {
  const input = Object.fromEntries(entries.map((entry) => [basename(entry, '.ts'), join(root, entry)]));
  const built = await rolldown({ input, platform: 'node', external: optional });
  const { output } = await built.write({ dir: folder, format: 'esm', chunkFileNames: '[name]-[hash].js' });
  return output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
}

rmSync(dist, { recursive: true, force: true });
const files = [
  ...(await bundle(dist, 'src/main.ts')),
  ...(await bundle(join(dist, 'agent'), 'src/agent/main.ts', 'src/agent/restore/checksum-thread.ts')),
];
cpSync(join(root, 'src', 'agent', 'scripts'), join(dist, 'scripts'), { recursive: true });
writeFileSync(join(dist, 'LICENSES.txt'), licencesOf(files));
