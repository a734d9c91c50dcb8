import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clear } from './clear.ts';
import { kubectlWith } from './kubectl.ts';
import { programDirectory } from './kubernetes.ts';
import { timeout } from './patience.ts';
import { places } from './places.ts';
import { step } from './step.ts';
import { tryNamespace } from './try-out.ts';

const manifests = fileURLToPath(new URL('../../manifests', import.meta.url));

/** Takes the cluster of this machine away; of somebody's cluster what `up` installed, webhook configurations first. */
export async function down(version: string): Promise<void> {
  const foreign = process.env['KUBECONFIG'];
  if (foreign === undefined || foreign === places.kubeconfig) {
    await step('Stopping the cluster of this machine and removing what it left', () =>
      clear(programDirectory(version)),
    );
    return;
  }
  const kubectl = kubectlWith(foreign, version);
  await step('Removing the webhook configurations', async () => {
    const kinds = 'mutatingwebhookconfiguration,validatingwebhookconfiguration';
    await kubectl(['delete', kinds, 'zz-pgusher', '--ignore-not-found']);
  });
  await step(`Removing the namespace ${tryNamespace} of cluster:try`, async () => {
    await kubectl(['delete', 'namespace', tryNamespace, '--ignore-not-found', timeout(120)]);
  });
  await step('Removing the rest of manifests/', async () => {
    await kubectl(['delete', '-k', join(manifests), '--ignore-not-found', timeout(120)]);
  });
}
