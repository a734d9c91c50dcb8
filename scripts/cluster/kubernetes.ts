import { execFileSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Built once and kept here; `PGUSHER_CACHE` moves it. */
export const cache = process.env['PGUSHER_CACHE'] ?? join(homedir(), '.cache', 'pgusher');

/** One patch release of each minor that is tried. */
const releases: ReadonlyMap<string, string> = new Map([
  ['1.33', 'v1.33.13'],
  ['1.34', 'v1.34.4'],
  ['1.35', 'v1.35.4'],
  ['1.36', 'v1.36.3'],
  ['1.37', 'v1.37.2'],
]);

const wanted = process.env['PGUSHER_KUBERNETES_VERSION'] ?? '1.37';

/** `1.36` or `v1.36.3` to a release; undefined where it is neither. */
export function releaseOf(version: string): string | undefined {
  return releases.get(version) ?? (/^v1\.\d+\.\d+$/.test(version) ? version : undefined);
}

/** The minors that are named without a patch release, for messages. */
export const minors: readonly string[] = [...releases.keys()];

/** Of rings 2 and 4. */
export const kubernetesVersion = releaseOf(wanted) ?? unknownVersion(wanted);

function unknownVersion(text: string): never {
  throw new Error(
    `PGUSHER_KUBERNETES_VERSION is "${text}"; wanted one of ${minors.join(', ')}, or a release such as v1.36.3`,
  );
}

/** Whether a release is of this minor of Kubernetes 1 or a later one. */
export function isAtLeast(minor: number, version = kubernetesVersion): boolean {
  return Number(/^v1\.(\d+)\./.exec(version)?.[1]) >= minor;
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
