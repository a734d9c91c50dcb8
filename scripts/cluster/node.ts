import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './command.ts';
import { containerdSocket, files, writeConfiguration } from './configuration.ts';
import { credentials, kubeconfigOf, makeCredentials } from './credentials.ts';
import { objectsOfTheNode } from './node-objects.ts';
import { network, places, ports } from './places.ts';
import { timeout } from './patience.ts';
import { isRunning, logOf, start } from './processes.ts';
import { until } from './until.ts';

/** Control plane, container runtime and kubelet on this machine, as processes of their own. */

const context = (name: Parameters<typeof kubeconfigOf>[0]): readonly string[] => [
  ...['--kubeconfig', kubeconfigOf(name)],
  ...['--authentication-kubeconfig', kubeconfigOf(name), '--authorization-kubeconfig', kubeconfigOf(name)],
  ...['--leader-elect=false', '--secure-port', '0'],
];

/** The bridge of the pods, with the node's address on it. What forwarding was is noted, for `removeNetwork`. */
export async function makeNetwork(): Promise<void> {
  writeFileSync(files.forwarding, await command('sysctl', ['-n', 'net.ipv4.ip_forward']));
  await command('ip', ['link', 'add', network.bridge, 'type', 'bridge']);
  await command('ip', ['address', 'add', `${network.node}/24`, 'dev', network.bridge]);
  await command('ip', ['link', 'set', network.bridge, 'up']);
  await command('sysctl', ['-qw', 'net.ipv4.ip_forward=1']);
}

export async function startContainerd(): Promise<void> {
  mkdirSync(places.sockets, { recursive: true });
  start('containerd', 'containerd', ['-c', files.containerd]);
  await answers('containerd', () => containerd(['version']));
}

/** What `ctr` prints. */
export async function containerd(args: readonly string[]): Promise<string> {
  return await command('ctr', ['--address', containerdSocket, '--namespace', 'k8s.io', ...args]);
}

export async function startControlPlane(directory: string): Promise<void> {
  await makeCredentials();
  writeConfiguration();
  const etcd = `http://127.0.0.1:${ports.etcd}`;
  const etcdPeer = `http://127.0.0.1:${ports.etcdPeer}`;
  start('etcd', join(directory, 'etcd'), [
    ...['--data-dir', join(places.run, 'etcd'), '--unsafe-no-fsync', '--log-level', 'error'],
    ...['--listen-client-urls', etcd, '--advertise-client-urls', etcd],
    ...['--listen-peer-urls', etcdPeer, '--initial-advertise-peer-urls', etcdPeer],
    ...['--initial-cluster', `default=${etcdPeer}`],
  ]);
  start('kube-apiserver', join(directory, 'kube-apiserver'), [
    ...['--etcd-servers', etcd, '--secure-port', String(ports.apiserver), '--advertise-address', network.node],
    ...['--tls-cert-file', credentials.apiserver.certificate, '--tls-private-key-file', credentials.apiserver.key],
    ...['--client-ca-file', credentials.authority, '--token-auth-file', credentials.tokens],
    ...['--authorization-mode', 'Node,RBAC', '--enable-admission-plugins', 'NodeRestriction'],
    ...['--service-account-issuer', 'https://kubernetes.default.svc'],
    ...['--service-account-key-file', credentials.serviceAccounts.public],
    ...['--service-account-signing-key-file', credentials.serviceAccounts.private],
    ...['--service-cluster-ip-range', network.services],
    ...['--kubelet-client-certificate', credentials.kubeletClient.certificate],
    ...['--kubelet-client-key', credentials.kubeletClient.key, '--kubelet-preferred-address-types', 'InternalIP'],
    // The Services of webhooks are dialled at their endpoints: kube-proxy's rules do not hold for the machine's own connections everywhere.
    '--enable-aggregator-routing=true',
  ]);
  const kubectl = join(directory, 'kubectl');
  await answers('kube-apiserver', () =>
    command(kubectl, ['--kubeconfig', places.kubeconfig, 'get', '--raw', '/readyz']),
  );
  start('kube-controller-manager', join(directory, 'kube-controller-manager'), [
    ...context('kube-controller-manager'),
    ...['--root-ca-file', credentials.authority, '--use-service-account-credentials'],
    ...['--service-account-private-key-file', credentials.serviceAccounts.private],
  ]);
  start('kube-scheduler', join(directory, 'kube-scheduler'), context('kube-scheduler'));
}

export async function startNode(directory: string): Promise<void> {
  start('kubelet', join(directory, 'kubelet'), [
    ...['--config', files.kubelet, '--kubeconfig', kubeconfigOf('kubelet'), '--hostname-override', 'pgusher'],
    ...['--node-ip', network.node, '--root-dir', join(places.run, 'kubelet')],
  ]);
  start('kube-proxy', join(directory, 'kube-proxy'), [
    ...['--kubeconfig', kubeconfigOf('kube-proxy'), '--hostname-override', 'pgusher', '--proxy-mode', 'iptables'],
    // Pods of one bridge answer each other directly, past the place where a Service's address is put back.
    ...['--cluster-cidr', network.pods, '--masquerade-all', '--conntrack-max-per-core=0'],
    ...['--healthz-bind-address', `127.0.0.1:${ports.proxyHealth}`],
    ...['--metrics-bind-address', `127.0.0.1:${ports.proxyMetrics}`],
  ]);
  start('coredns', join(directory, 'coredns'), ['-conf', files.dns]);
  mkdirSync(places.volumes, { recursive: true });
  start('volume-provisioner', process.execPath, [join(import.meta.dirname, 'volume-provisioner.ts')]);
  const kubectl = (args: readonly string[], input?: string): Promise<string> =>
    command(join(directory, 'kubectl'), ['--kubeconfig', places.kubeconfig, ...args], { input });
  await kubectl(['apply', '-f', '-'], objectsOfTheNode());
  await until('the node', 90_000, () => kubectl(['get', 'node', 'pgusher']));
  await kubectl(['wait', '--for=condition=Ready', 'node/pgusher', timeout(60)]);
  // A pod needs its namespace's account, which a controller makes.
  await until('the default service account', 90_000, () => kubectl(['get', 'serviceaccount', 'default']));
  const ended = programs.filter((name) => !isRunning(name));
  if (ended.length > 0) {
    throw new Error(ended.map((name) => `${name} ended: ${readFileSync(logOf(name), 'utf8').slice(-1000)}`).join('\n'));
  }
}

/** Everything that has to run, runs. */
export function nodeIsUp(): boolean {
  return programs.every(isRunning);
}

/** In the order in which they are stopped: who works with another goes first. */
export const programs = [
  'volume-provisioner',
  'kubelet',
  'kube-proxy',
  'coredns',
  'kube-scheduler',
  'kube-controller-manager',
  'kube-apiserver',
  'etcd',
  'containerd',
] as const;

/** Waits for a program of the node; where it does not come up, the end of its log says why. */
async function answers(name: string, ask: () => Promise<unknown>): Promise<void> {
  try {
    await until(name, 90_000, async () => (await ask()) ?? true);
  } catch (cause) {
    const log = existsSync(logOf(name)) ? readFileSync(logOf(name), 'utf8').slice(-2000) : '';
    throw new Error(`${name} is not up. ${log}`, { cause });
  }
}
