import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/**
 * The licence of every package that one of `files` belongs to, as most of them want it: with each copy of the code. Paths as the bundler
 * names them; what is in no package is ours.
 * @throws where a package says nothing about its licence.
 */
export function licencesOf(files: readonly string[]): string {
  const folders = new Set(files.map(packageFolder).filter((folder) => folder !== undefined));
  return [...folders]
    .sort()
    .map((folder) => licenceIn(folder))
    .join(`\n${'-'.repeat(80)}\n\n`);
}

/** `…/node_modules/name` or `…/node_modules/@scope/name`, of the innermost one. */
function packageFolder(file: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0];
}

function licenceIn(folder: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const name = readdirSync(folder).find((file) => /^(?:licen[cs]e|copying)(?:[.-].*)?$/i.test(file));
  const text = name === undefined ? undefined : readFileSync(join(folder, name), 'utf8').trim();
  if (text === undefined && manifest.license === undefined) {
    throw new Error(`${manifest.name} ${manifest.version} names no licence; look it up before it is shipped`);
  }
  const notice = join(folder, 'NOTICE');
  return [
    `${manifest.name} ${manifest.version} (${manifest.license ?? 'see below'})`,
    ...(text === undefined ? [] : [text]),
    ...(existsSync(notice) ? [readFileSync(notice, 'utf8').trim()] : []),
  ]
    .join('\n\n')
    .concat('\n');
}
