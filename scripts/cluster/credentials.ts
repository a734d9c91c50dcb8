import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './command.ts';
import { network, places, ports } from './places.ts';

/** Who talks to the apiserver: name, user and group (kubernetes.io/docs/reference/access-authn-authz/rbac, "Core component roles"). */
const users = [
  ['admin', 'admin', 'system:masters'],
  ['kube-controller-manager', 'system:kube-controller-manager', ''],
  ['kube-scheduler', 'system:kube-scheduler', ''],
  ['kube-proxy', 'system:kube-proxy', ''],
  ['kubelet', 'system:node:pgusher', 'system:nodes'],
] as const;

const keys = join(places.run, 'keys');

export const credentials = {
  authority: join(keys, 'ca.crt'),
  apiserver: { certificate: join(keys, 'apiserver.crt'), key: join(keys, 'apiserver.key') },
  /** With it the apiserver goes to the kubelet, for logs and exec. */
  kubeletClient: { certificate: join(keys, 'kubelet-client.crt'), key: join(keys, 'kubelet-client.key') },
  serviceAccounts: { public: join(keys, 'service-accounts.pub'), private: join(keys, 'service-accounts.key') },
  tokens: join(keys, 'tokens.csv'),
} as const;

export function kubeconfigOf(name: (typeof users)[number][0]): string {
  return join(places.run, `${name}.kubeconfig`);
}

/** Keys, certificates, tokens and kubeconfig files of one run. */
export async function makeCredentials(): Promise<void> {
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  writeFileSync(credentials.serviceAccounts.private, pair.privateKey, { mode: 0o600 });
  writeFileSync(credentials.serviceAccounts.public, pair.publicKey);
  await makeAuthority(keys, 'pgusher-cluster');
  const names = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  const addresses = ['127.0.0.1', network.node, network.kubernetesService];
  await issue(keys, 'apiserver', '/CN=kube-apiserver', [
    `subjectAltName=${[...names.map((name) => `DNS:${name}`), ...addresses.map((address) => `IP:${address}`)].join(',')}`,
  ]);
  await issue(keys, 'kubelet-client', '/O=system:masters/CN=kube-apiserver', ['extendedKeyUsage=clientAuth']);

  const authority = readFileSync(credentials.authority).toString('base64');
  const tokens = users.map(([name, user, group]) => ({ name, user, group, token: randomBytes(16).toString('hex') }));
  writeFileSync(
    credentials.tokens,
    tokens.map(({ token, user, group }) => `${token},${user},${user},"${group}"\n`).join(''),
    { mode: 0o600 },
  );
  for (const { name, token } of tokens) {
    const cluster = { server: `https://127.0.0.1:${ports.apiserver}`, 'certificate-authority-data': authority };
    const text = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'pgusher', cluster }],
      users: [{ name, user: { token } }],
      contexts: [{ name: 'pgusher', context: { cluster: 'pgusher', user: name } }],
      'current-context': 'pgusher',
    });
    writeFileSync(kubeconfigOf(name), text, { mode: 0o600 });
  }
}

/** `ca.crt` and `ca.key` in a directory. */
export async function makeAuthority(directory: string, name: string): Promise<void> {
  await command(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '365'],
      ...['-subj', `/CN=${name}`, '-keyout', 'ca.key', '-out', 'ca.crt'],
    ],
    { cwd: directory },
  );
}

/** `<name>.crt` and `<name>.key`, signed by the authority in the same directory. */
export async function issue(
  directory: string,
  name: string,
  subject: string,
  extensions: readonly string[],
): Promise<void> {
  const request = await command(
    'openssl',
    [
      ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-subj', subject, '-keyout', `${name}.key`],
    ],
    { cwd: directory },
  );
  writeFileSync(join(directory, `${name}.extensions`), extensions.join('\n'));
  await command(
    'openssl',
    [
      ...['x509', '-req', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '365'],
      ...['-extfile', `${name}.extensions`, '-out', `${name}.crt`],
    ],
    { cwd: directory, input: request },
  );
}
