/**
 * `npm run build`: dist/ for the image and the npm package: the compiled sources, and the sh files beside them.
 * Exit codes: 0 built; 1 the compiler refused.
 */
import { cpSync, globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from './test/run-program.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
const { status } = await runProgram('tsc', ['-p', 'tsconfig.build.json'], { cwd: root, output: 'shown' });
if (status === 0) {
  const sources = join(root, 'src');
  for (const script of globSync('**/*.sh', { cwd: sources })) {
    cpSync(join(sources, script), join(dist, script));
  }
}
process.exitCode = status === 0 ? 0 : 1;
