import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { buildPrograms, kubernetesVersion } from '../../../scripts/cluster/kubernetes.ts';
import { freePort } from '../../support/free-port.ts';

/**
 * A real control plane without nodes: etcd, kube-apiserver and the StatefulSet controller (which writes the revisions
 * that `rollout undo` goes back to). Webhooks are registered by URL on loopback, so nothing else is needed.
 */
export interface ControlPlane {
  readonly directory: string;
  readonly kubeconfig: string;
  /** Runs kubectl; throws with its stderr when it fails. */
  kubectl(args: readonly string[], input?: string): string;
  /** Runs kubectl and gives exit code and output, whatever they are. */
  tryKubectl(args: readonly string[], input?: string): KubectlResult;
  /** The apiserver's log so far. */
  apiserverLog(): Promise<string>;
  stop(): Promise<void>;
}

export interface KubectlResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * `controllers`: those of kube-controller-manager, each with an account of its own as in most clusters. `staticPolicies`: a folder of
 * policies on the apiserver's own disk. `routesServices`: a webhook behind a Service is called at its endpoints, as an apiserver does
 * that has no kube-proxy beside it.
 */
export async function startControlPlane(
  controllers: readonly string[] = ['statefulset-controller'],
  {
    staticPolicies,
    routesServices = false,
  }: { readonly staticPolicies?: string; readonly routesServices?: boolean } = {},
): Promise<ControlPlane> {
  const programs = buildPrograms(kubernetesVersion, ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl']);
  const directory = mkdtempSync(join(tmpdir(), 'pgusher-apiserver-'));
  const file = (name: string): string => join(directory, name);
  const [etcdPort, etcdPeerPort, apiserverPort] = await Promise.all([freePort(), freePort(), freePort()]);
  const token = randomBytes(16).toString('hex');
  const serviceAccountKey = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  writeFileSync(file('service-account.key'), serviceAccountKey.privateKey, { mode: 0o600 });
  writeFileSync(file('service-account.pub'), serviceAccountKey.publicKey);
  writeFileSync(file('tokens.csv'), `${token},admin,admin,system:masters\n`, { mode: 0o600 });
  const kubeconfig = file('kubeconfig');
  writeFileSync(kubeconfig, kubeconfigText(apiserverPort, token), { mode: 0o600 });

  const admissionConfiguration = (folder: string): string => {
    writeFileSync(file('admission.yaml'), admissionConfigurationText(folder));
    return file('admission.yaml');
  };
  const processes: ChildProcess[] = [];
  const start = (name: string, args: readonly string[]): void => {
    const log = openSync(file(`${name}.log`), 'a');
    processes.push(spawn(join(programs, name), args, { stdio: ['ignore', log, log], cwd: directory }));
    closeSync(log);
  };
  const stop = async (): Promise<void> => {
    await Promise.all(processes.map(killAndWait));
    rmSync(directory, { recursive: true, force: true });
  };

  const client = `http://127.0.0.1:${etcdPort}`;
  const peer = `http://127.0.0.1:${etcdPeerPort}`;
  start('etcd', [
    '--data-dir',
    file('etcd'),
    '--unsafe-no-fsync',
    '--log-level',
    'error',
    '--listen-client-urls',
    client,
    '--advertise-client-urls',
    client,
    '--listen-peer-urls',
    peer,
    '--initial-advertise-peer-urls',
    peer,
    '--initial-cluster',
    `default=${peer}`,
  ]);
  start('kube-apiserver', [
    '--etcd-servers',
    client,
    '--secure-port',
    String(apiserverPort),
    '--bind-address',
    '127.0.0.1',
    '--cert-dir',
    file('certificates'),
    '--authorization-mode',
    'RBAC',
    '--token-auth-file',
    file('tokens.csv'),
    '--service-account-issuer',
    'https://kubernetes.default.svc',
    '--service-account-key-file',
    file('service-account.pub'),
    '--service-account-signing-key-file',
    file('service-account.key'),
    '--service-cluster-ip-range',
    '10.96.0.0/24',
    ...(staticPolicies === undefined
      ? []
      : ['--admission-control-config-file', admissionConfiguration(staticPolicies)]),
    ...(routesServices ? ['--enable-aggregator-routing=true'] : []),
    '--v',
    '2',
  ]);

  const tryKubectl = (args: readonly string[], input?: string): KubectlResult =>
    runKubectl(
      join(programs, 'kubectl'),
      ['--kubeconfig', kubeconfig, '--cache-dir', file('kubectl-cache'), ...args],
      input,
    );
  const kubectl = (args: readonly string[], input?: string): string => {
    const result = tryKubectl(args, input);
    if (result.status !== 0) throw new Error(`kubectl ${args.join(' ')} failed (${result.status}): ${result.stderr}`);
    return result.stdout;
  };
  const apiserverLog = (): Promise<string> => readFile(file('kube-apiserver.log'), 'utf8');

  try {
    await until('kube-apiserver to be ready', 60_000, () => tryKubectl(['get', '--raw', '/readyz']).status === 0);
    start('kube-controller-manager', [
      '--kubeconfig',
      kubeconfig,
      '--authentication-kubeconfig',
      kubeconfig,
      '--authorization-kubeconfig',
      kubeconfig,
      '--controllers',
      controllers.join(','),
      '--use-service-account-credentials=true',
      '--leader-elect=false',
      '--secure-port',
      '0',
    ]);
    await until('the default namespace', 30_000, () => tryKubectl(['get', 'namespace', 'default']).status === 0);
  } catch (cause) {
    const log = await apiserverLog().catch(() => '');
    await stop();
    throw new Error(`The control plane did not come up: ${log.slice(-2000)}`, { cause });
  }
  return { directory, kubeconfig, kubectl, tryKubectl, apiserverLog, stop };
}

/** Polls `condition` each 100 ms; throws when `milliseconds` have passed. */
export async function until(
  what: string,
  milliseconds: number,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`Waited ${milliseconds} ms for ${what}.`);
    await pause(100);
  }
}

function runKubectl(program: string, args: readonly string[], input: string | undefined): KubectlResult {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    input: input ?? '',
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    timeout: 60_000,
  });
  if (error !== undefined) throw error;
  return { status: status ?? -1, stdout, stderr };
}

async function killAndWait(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

function admissionConfigurationText(staticManifestsDir: string): string {
  const configuration = {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyConfiguration',
    staticManifestsDir,
  };
  return JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AdmissionConfiguration',
    plugins: [{ name: 'ValidatingAdmissionPolicy', configuration }],
  });
}

function kubeconfigText(port: number, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  });
}
