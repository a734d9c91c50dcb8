import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingTools } from '../support/tool.ts';
import { startControlPlane, until, type ControlPlane } from './support/control-plane.ts';
import { ordersManifest, serverOf, type StatefulSet } from './support/stateful-set.ts';

const staticPolicies = join(import.meta.dirname, '..', '..', 'manifests', 'static');

/** `PGUSHER_KUBERNETES_VERSION=1.37`, left out before that (vitest.config.ts): no webhook, and no policy that the API shows. */
describe.skipIf(missingTools('go'))("the policy on kube-apiserver's own disk", () => {
  let cluster: ControlPlane;

  beforeAll(async () => {
    cluster = await startControlPlane(undefined, { staticPolicies });
    await until('the policy to be in force', 30_000, () => create(unsafe).status !== 0);
  });
  afterAll(async () => {
    await (cluster as ControlPlane | undefined)?.stop();
  });

  const create = (change: (manifest: StatefulSet) => void) =>
    cluster.tryKubectl(['create', '-f', '-', '--dry-run=server'], ordersManifest(change));

  function unsafe(set: StatefulSet): void {
    serverOf(set).args = ['-c', 'fsync=off'];
  }

  test('accepts what is safe, refuses what is not, and knows the escape', () => {
    expect(create(() => undefined)).toMatchObject({ status: 0 });
    expect(create(unsafe).stderr).toContain('fsync-off: ');
    const escaped = create((set) => {
      unsafe(set);
      set.metadata.annotations['postgres.io/allow-fsync-off'] = 'a test';
    });
    expect(escaped).toMatchObject({ status: 0 });
  });

  test('nobody can delete it, since nobody sees it', () => {
    expect(cluster.kubectl(['get', 'validatingadmissionpolicies', '-o', 'name'])).toBe('');
  });
});
