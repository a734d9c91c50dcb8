import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** An image's folder: bin/ and dist/ without the sources, so that bin/pgusher runs what is compiled, as the image does. */
export function imageFolder(checkout: string, dist: string, image: string): string {
  mkdirSync(image, { recursive: true });
  cpSync(join(checkout, 'bin'), join(image, 'bin'), { recursive: true });
  symlinkSync(dist, join(image, 'dist'));
  return image;
}

/**
 * Builds another commit beside this one, with its own packages where its lock file differs.
 * @returns its image's folder, below `directory`. @throws where git knows no such commit, or it does not build.
 */
export function buildOf(ref: string, root: string, directory: string): string {
  const checkout = checkoutOf(ref, root, join(directory, 'against'));
  execFileSync(process.execPath, ['scripts/build.ts'], { cwd: checkout, stdio: 'inherit' });
  return imageFolder(checkout, join(checkout, 'dist'), join(directory, 'against-image'));
}

/** The sources of another commit with its packages. @throws where git knows no such commit. */
export function checkoutOf(ref: string, root: string, checkout: string): string {
  mkdirSync(checkout);
  const archive = execFileSync('git', ['archive', '--format=tar', ref], { cwd: root, maxBuffer: 2 ** 30 });
  execFileSync('tar', ['-x', '-C', checkout], { input: archive });
  const lock = (commit: string): string =>
    execFileSync('git', ['rev-parse', `${commit}:package-lock.json`], { cwd: root, encoding: 'utf8' });
  if (lock(ref) === lock('HEAD')) symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
  else execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: checkout, stdio: 'inherit' });
  return checkout;
}
