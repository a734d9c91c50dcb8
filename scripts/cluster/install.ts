import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { issue, makeAuthority } from './credentials.ts';
import type { Kubectl } from './kubectl.ts';
import { patience, timeout } from './patience.ts';
import { until } from './until.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What docs/install.md says, "With a certificate of your own", word by word. */
export async function install(kubectl: Kubectl, directory: string): Promise<void> {
  const keys = join(directory, 'webhook-keys');
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  await makeAuthority(keys, 'pgusher');
  await issue(keys, 'tls', '/CN=pgusher', ['subjectAltName=DNS:pgusher.pgusher-system.svc']);
  await kubectl(['apply', '-f', join(root, 'manifests/base/namespace.yaml')]);
  const secret = ['create', 'secret', 'tls', 'pgusher-webhook-certificate', '--dry-run=client', '-o', 'yaml'];
  const files = [`--cert=${join(keys, 'tls.crt')}`, `--key=${join(keys, 'tls.key')}`];
  await kubectl(
    ['-n', 'pgusher-system', 'apply', '-f', '-'],
    await kubectl(['-n', 'pgusher-system', ...secret, ...files]),
  );
  await kubectl(['apply', '-k', join(root, 'manifests')]);
  const authority = readFileSync(join(keys, 'ca.crt')).toString('base64');
  for (const kind of ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration']) {
    const seconds = await kubectl(['get', kind, 'zz-pgusher', '-o', 'jsonpath={.webhooks[*].timeoutSeconds}']);
    const patch = seconds.split(' ').flatMap((given, index) => [
      { op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value: authority },
      // A limit in time as any other of a machine that others use too; the apiserver's own is 30 s.
      ...(patience === 1
        ? []
        : [
            {
              op: 'replace',
              path: `/webhooks/${index}/timeoutSeconds`,
              value: Math.min(30, Math.ceil(Number(given) * patience)),
            },
          ]),
    ]);
    await kubectl(['patch', kind, 'zz-pgusher', '--type=json', '-p', JSON.stringify(patch)]);
  }
}

/** Until the webhook answers: its pods are ready, and the apiserver has heard of it. */
export async function untilInstalled(kubectl: Kubectl): Promise<void> {
  await kubectl(['-n', 'pgusher-system', 'rollout', 'status', 'deployment/pgusher', timeout(120)]);
  const example = join(root, 'examples', 'minimal.yaml');
  await until('injected parts in a labelled StatefulSet', 30_000, async () => {
    const answer = await kubectl(['apply', '--dry-run=server', '-o', 'json', '-f', example]);
    return answer.includes('pgusher-restore') ? answer : undefined;
  });
}
