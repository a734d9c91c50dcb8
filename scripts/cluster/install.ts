import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Kubectl } from './kubectl.ts';
import { patience, timeout } from './patience.ts';
import { until } from './until.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What docs/install.md says: one line, and nothing else first. */
export async function install(kubectl: Kubectl): Promise<void> {
  await kubectl(['apply', '-k', join(root, 'manifests')]);
  if (patience === 1) return;
  for (const kind of ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration']) {
    const seconds = await kubectl(['get', kind, 'zz-pgusher', '-o', 'jsonpath={.webhooks[*].timeoutSeconds}']);
    // A limit in time as any other of a machine that others use too; the apiserver's own is 30 s.
    const patch = seconds.split(' ').map((given, index) => ({
      op: 'replace',
      path: `/webhooks/${index}/timeoutSeconds`,
      value: Math.min(30, Math.ceil(Number(given) * patience)),
    }));
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
