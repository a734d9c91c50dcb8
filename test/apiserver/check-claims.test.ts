import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judge, workloadOf } from '../checks/check-fixture.ts';
import { managedSet } from '../support/review.ts';
import { missingTools } from '../support/tool.ts';
import { startControlPlane, type ControlPlane } from './support/control-plane.ts';

/** What checks say that Kubernetes does: asked of a real apiserver, with the pod that the controller would make. */
describe.skipIf(missingTools('go'))('a check says what Kubernetes does', () => {
  let cluster: ControlPlane;
  beforeAll(async () => {
    cluster = await startControlPlane();
    // No controller makes it here.
    cluster.kubectl(['create', 'serviceaccount', 'default']);
  });
  afterAll(async () => {
    await (cluster as ControlPlane | undefined)?.stop();
  });

  /** As StatefulSet's updateIdentity and setPodRevision have it; hashes have up to ten characters. */
  function podOf(set: string): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `${set}-0`,
        labels: { 'controller-revision-hash': `${set}-5b9c7d8f66`, 'statefulset.kubernetes.io/pod-name': `${set}-0` },
      },
      spec: { hostname: `${set}-0`, containers: [{ name: 'postgres', image: 'postgres:17.6-bookworm' }] },
    });
  }

  test.each([
    ['orders', []],
    ['o'.repeat(52), []],
    ['o'.repeat(53), ['name-too-long']],
    ['orders.eu', ['name-has-dots']],
  ])('a set of the name %s: %j', (name, expected) => {
    const after = workloadOf(managedSet({ metadata: { name, namespace: 'default' } }));
    const denied = judge({ after, before: undefined }).filter(({ severity }) => severity === 'deny');
    expect(denied.map(({ check }) => check)).toEqual(expected);
    const dryRun = ['create', '--dry-run=server', '-f', '-'];
    const set = JSON.stringify({ ...managedSet({ metadata: { name, namespace: 'default' } }) });
    const taken = cluster.tryKubectl(dryRun, set);
    if (expected.includes('name-has-dots')) {
      // Releases before this one take it.
      expect(taken.stderr).toContain('must not contain dots');
    } else {
      expect(taken).toMatchObject({ status: 0 });
    }
    const pod = cluster.tryKubectl(dryRun, podOf(name));
    if (expected.length === 0) expect(pod).toMatchObject({ status: 0 });
    else expect(pod.stderr).toContain('is invalid');
  });
});
