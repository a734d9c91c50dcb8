import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { missingTools } from '../support/tool.ts';
import { startControlPlane, type ControlPlane } from './support/control-plane.ts';
import { startRegisteredWebhook, type RegisteredWebhook } from './support/registered-webhook.ts';

const repository = join(import.meta.dirname, '..', '..');
const folder = join(repository, 'examples');
const examples = readdirSync(folder).filter((file) => file.endsWith('.yaml'));

/** Every example goes through the apiserver as a reader would apply it; what is stored is kept in a golden file. */
describe.skipIf(missingTools('go'))('the examples, stored by a real apiserver', () => {
  let cluster: ControlPlane;
  let webhook: RegisteredWebhook;

  beforeAll(async () => {
    cluster = await startControlPlane();
    webhook = await startRegisteredWebhook(cluster);
    await webhook.register();
  });
  afterAll(async () => {
    await (webhook as RegisteredWebhook | undefined)?.remove();
    await (cluster as ControlPlane | undefined)?.stop();
  });

  test.each(examples)('%s is accepted and stored as its golden file says', async (example) => {
    const text = readFileSync(join(folder, example), 'utf8');
    expect(cluster.tryKubectl(['apply', '-f', '-'], text)).toMatchObject({ status: 0 });
    // As kubectl would read it: `on` and `0640` mean something there.
    const golden = stringify(storedObjects(cluster, text), {
      version: '1.1',
      lineWidth: 0,
      aliasDuplicateObjects: false,
    });
    await expect(golden).toMatchFileSnapshot(join(repository, 'test', 'fixtures', 'stored', example));
  });

  test.each(examples)('%s is the same through the command line', (example) => {
    const text = readFileSync(join(folder, example), 'utf8');
    const byWebhook = storedObjects(cluster, text);
    webhook.unregister();
    try {
      cluster.kubectl(['delete', ...setsIn(text), '--wait=true']);
      const { status, stdout } = spawnSync(
        join(repository, 'bin', 'pgusher'),
        ['inject', '-f', join(folder, example)],
        { encoding: 'utf8' },
      );
      expect(status).toBe(0);
      expect(cluster.tryKubectl(['apply', '-f', '-'], stdout)).toMatchObject({ status: 0 });
      expect(storedObjects(cluster, text).map((stored) => stored.spec)).toEqual(byWebhook.map((stored) => stored.spec));
    } finally {
      // Claims and volumes stay: no controller runs here that would let go of them.
      cluster.kubectl(['delete', ...setsIn(text), '--ignore-not-found', '--wait=true']);
    }
  });
});

interface Stored {
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string>; labels?: Record<string, string> };
  spec: { updateStrategy?: { rollingUpdate?: { maxUnavailable?: unknown } } };
}

/** As arguments of kubectl. */
function setsIn(text: string): string[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Stored | null)
    .filter((object) => object?.kind === 'StatefulSet')
    .map((object) => `statefulset/${object?.metadata.name ?? ''}`);
}

/** The StatefulSets of a file as the apiserver has them, without what differs from run to run. */
function storedObjects(cluster: ControlPlane, text: string): Stored[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Stored | null)
    .filter((object): object is Stored => object?.kind === 'StatefulSet')
    .map(({ metadata: { name, namespace } }) => {
      const stored = JSON.parse(
        cluster.kubectl(['get', 'statefulset', name, '-n', namespace ?? 'default', '-o', 'json']),
      ) as Stored;
      const annotations = { ...stored.metadata.annotations };
      delete annotations['kubectl.kubernetes.io/last-applied-configuration'];
      // The default of Kubernetes 1.37, which 1.35 does not know (feature gate MaxUnavailableStatefulSet); where kubectl writes it.
      const { updateStrategy } = stored.spec;
      if (updateStrategy?.rollingUpdate !== undefined)
        updateStrategy.rollingUpdate = { maxUnavailable: 1, ...updateStrategy.rollingUpdate };
      return {
        kind: stored.kind,
        metadata: {
          name,
          annotations,
          ...(stored.metadata.labels === undefined ? {} : { labels: stored.metadata.labels }),
        },
        spec: stored.spec,
      };
    });
}
