import { join } from 'node:path';
import { readFileSync, rmSync } from 'node:fs';
import { version } from '../../src/version.ts';
import { root, run } from './programs.ts';

export const imageNames = {
  webhook: `ghcr.io/pgusher/pgusher:${version}`,
  agent: `ghcr.io/pgusher/pgusher-agent:${version}`,
} as const;

/** name:tag@sha256:… of both. */
export type ImageReferences = Readonly<Record<keyof typeof imageNames, string>>;

/**
 * Builds both with buildah and writes them as OCI archives. `options` are those of `buildah bud` besides.
 * The digest is that of the manifest: what a registry calls it, where it is copied as it is (`skopeo copy --all oci-archive:…`).
 */
export function writeImages(to: string, date: number, options: readonly string[]): ImageReferences {
  const write = (target: keyof typeof imageNames): string => {
    const tag = imageNames[target];
    const given = [`VERSION=${version}`, `REVISION=${run('git', ['rev-parse', 'HEAD']).trim()}`];
    run('buildah', [
      ...['bud', '--quiet', '--isolation', 'chroot', '--layers', '--format', 'oci', '--timestamp', String(date)],
      ...[
        '--target',
        target,
        '--tag',
        tag,
        ...given.flatMap((argument) => ['--build-arg', argument]),
        ...options,
        root,
      ],
    ]);
    const name = tag.replace(/^.*\//, '').replace(':', '-');
    const digest = join(to, 'digest');
    run('buildah', [
      'push',
      '--quiet',
      '--digestfile',
      digest,
      tag,
      `oci-archive:${join(to, `${name}.oci.tar`)}:${tag}`,
    ]);
    const read = readFileSync(digest, 'utf8').trim();
    rmSync(digest);
    return `${tag}@${read}`;
  };
  return { webhook: write('webhook'), agent: write('agent') };
}
