import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Every shell program of the project, relative to its root: `*.sh`, and what has no ending but starts with `#!…sh`. */
export function listShellFiles(root: string): readonly string[] {
  const withEnding = globSync(
    ['src/**/*.sh', 'test/**/*.sh', 'scripts/**/*.sh', 'bench/**/*.sh', 'manifests/**/*.sh'],
    { cwd: root },
  );
  const others = globSync(['bin/*', '.ci/*', 'scripts/*', 'test/support/**/*'], { cwd: root }).filter(
    (path) => !path.endsWith('.sh') && statSync(join(root, path)).isFile() && isShell(join(root, path)),
  );
  return [...withEnding, ...others].toSorted();
}

function isShell(path: string): boolean {
  return /^#!.*\b(ba|da)?sh\b/.test(readFileSync(path, 'utf8').split('\n', 1)[0] ?? '');
}
