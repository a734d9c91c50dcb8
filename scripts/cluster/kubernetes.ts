import { execFileSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Built once and kept here; `PGUSHER_CACHE` moves it. */
export const cache = process.env['PGUSHER_CACHE'] ?? join(homedir(), '.cache', 'pgusher');

/** One patch release of each minor that is tried. */
const releases: ReadonlyMap<string, string> = new Map([
  ['1.33', 'v1.33.13'],
  ['1.34', 'v1.34.4'],
  ['1.36', 'v1.36.3'],
]);

export const kubernetesVersion = process.env['PGUSHER_KUBERNETES_VERSION'] ?? 'v1.34.4';

/** `1.36` or `v1.36.3` to a release; undefined where it is neither. */
export function releaseOf(version: string): string | undefined {
  return releases.get(version) ?? (/^v1\.\d+\.\d+$/.test(version) ? version : undefined);
}

export type KubernetesProgram =
  | 'coredns'
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-proxy'
  | 'kube-scheduler'
  | 'kubectl'
  | 'kubelet'
  | 'pause';

/** Where the programs of a release are. */
export function programDirectory(version: string): string {
  return join(cache, 'kubernetes', version);
}

/** Builds those that are missing: minutes cold, nothing warm. Returns their directory. */
export function buildPrograms(version: string, programs: readonly KubernetesProgram[]): string {
  const directory = programDirectory(version);
  execFileSync('sh', [join(import.meta.dirname, 'build-kubernetes.sh'), directory, version, ...programs], {
    stdio: ['ignore', 'ignore', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
  return directory;
}
