import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CannotRun } from './step.ts';

/** Program that has to be there, and the Debian package that brings it. */
const wanted: readonly (readonly [program: string, debianPackage: string])[] = [
  ['containerd', 'containerd'],
  ['ctr', 'containerd'],
  ['runc', 'runc'],
  ['conntrack', 'conntrack'],
  ['iptables', 'iptables'],
  ['ip', 'iproute2'],
  ['mount', 'mount'],
  ['flock', 'util-linux'],
  ['openssl', 'openssl'],
  ['buildah', 'buildah'],
  ['skopeo', 'skopeo'],
  ['debootstrap', 'debootstrap'],
  ['go', 'golang-go'],
];

const wantedFiles: readonly (readonly [path: string, debianPackage: string])[] = [
  ['/usr/lib/cni/bridge', 'containernetworking-plugins'],
  ['/usr/share/keyrings/debian-archive-keyring.gpg', 'debian-archive-keyring'],
];

/** Why this machine cannot have a cluster of its own, with the command that changes it; undefined where it can. */
export function reasonAgainst(): string | undefined {
  if (process.platform !== 'linux' || !existsSync('/etc/debian_version')) {
    return 'this is no Debian; wanted Debian 12 or newer, or KUBECONFIG naming a cluster that is there (kind, minikube, a real one)';
  }
  if (process.getuid?.() !== 0) {
    return 'not root; a kubelet makes mounts and network devices. Wanted root, or KUBECONFIG naming a cluster that is there';
  }
  const missing = missingPackages();
  return missing.length === 0
    ? undefined
    : `missing: ${missing.join(', ')}. apt-get install --no-install-recommends ${missing.join(' ')}`;
}

/** @throws CannotRun where something is missing. */
export function requirePackages(): void {
  const reason = reasonAgainst();
  if (reason !== undefined) throw new CannotRun(reason);
}

function missingPackages(): readonly string[] {
  const path = `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`.split(delimiter);
  const programs = wanted.filter(([program]) => !path.some((directory) => existsSync(join(directory, program))));
  const files = wantedFiles.filter(([file]) => !existsSync(file));
  return [...new Set([...programs, ...files].map(([, debianPackage]) => debianPackage))];
}
