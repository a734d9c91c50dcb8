import { expect, test } from 'vitest';
import { objectAt } from '../../src/workload/json.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { contract, initContainer, plan } from './support/rendered.ts';
import type { Manifest } from './support/workload.ts';
import { yaml } from './support/yaml.ts';

const names = ['pgusher-backup', 'pgusher-restore', 'pgusher-initdb'];

/** What the image may write at its first start, pgusher-initdb may: the server's own readOnlyRootFilesystem decides, and here it says nothing. */
function withReadOnlyRoot(container: JsonObject): JsonObject {
  const context = objectAt(container, 'securityContext');
  expect(context['readOnlyRootFilesystem']).toBe(container['name'] !== 'pgusher-initdb');
  return { ...context, readOnlyRootFilesystem: true };
}

test('a stock image starts as root: so do ours, with what a step down needs and no more', () => {
  for (const name of names) {
    expect(withReadOnlyRoot(initContainer(plan(), name))).toEqual(yaml`
      allowPrivilegeEscalation: false
      capabilities: { add: [CHOWN, DAC_OVERRIDE, FOWNER, SETGID, SETUID], drop: [ALL] }
      readOnlyRootFilesystem: true
      runAsNonRoot: false
      runAsUser: 0
      seccompProfile: { type: RuntimeDefault }
    `);
  }
});

test('a non-root pod keeps Pod Security "restricted"', () => {
  const result = plan({ pod: { securityContext: { runAsNonRoot: true, runAsUser: 999, runAsGroup: 999 } } });
  for (const name of names) {
    expect(withReadOnlyRoot(initContainer(result, name))).toEqual(yaml`
      allowPrivilegeEscalation: false
      capabilities: { drop: [ALL] }
      readOnlyRootFilesystem: true
      runAsNonRoot: true
      runAsUser: 999
      runAsGroup: 999
      seccompProfile: { type: RuntimeDefault }
    `);
  }
});

test("the container's SELinux options are ours too, or we could not read its files", () => {
  const seLinuxOptions = { level: 's0:c1,c2' };
  const result = plan({ container: { securityContext: { seLinuxOptions, privileged: true } } });
  for (const name of names) {
    expect(initContainer(result, name)['securityContext']).toMatchObject({ seLinuxOptions });
    expect(initContainer(result, name)['securityContext']).not.toHaveProperty('privileged');
  }
});

const ha = {
  image: 'timescale/timescaledb-ha:pg17.6-ts2.22.1',
  volumeMounts: [{ name: 'data', mountPath: '/home/postgres/pgdata' }],
};

const identities: readonly (readonly [why: string, manifest: Manifest, user: JsonObject, owner: object | null])[] = [
  ['nothing is said', {}, { runAsUser: 0, runAsNonRoot: false }, { uid: 999, gid: 999 }],
  [
    'Alpine',
    { container: { image: 'postgres:17.6-alpine' } },
    { runAsUser: 0, runAsNonRoot: false },
    { uid: 70, gid: 70 },
  ],
  [
    'root is asked for',
    { container: { securityContext: { runAsUser: 0 } } },
    { runAsUser: 0, runAsNonRoot: false },
    { uid: 999, gid: 999 },
  ],
  [
    'run-as names the owner',
    { settings: { 'run-as': '26:26' } },
    { runAsUser: 0, runAsNonRoot: false },
    { uid: 26, gid: 26 },
  ],
  [
    'the container says more than the pod',
    { pod: { securityContext: { runAsUser: 1 } }, container: { securityContext: { runAsUser: 999 } } },
    { runAsUser: 999, runAsGroup: 999, runAsNonRoot: true },
    null,
  ],
  [
    'a uid without a group that nobody knows',
    { pod: { securityContext: { runAsUser: 1234 } } },
    { runAsUser: 1234, runAsNonRoot: true },
    null,
  ],
  [
    'non-root without a uid',
    { pod: { securityContext: { runAsNonRoot: true } } },
    { runAsUser: 999, runAsGroup: 999, runAsNonRoot: true },
    null,
  ],
  ['an image with its own user', { container: ha }, { runAsUser: 1000, runAsGroup: 1000, runAsNonRoot: true }, null],
  [
    'that image as root',
    { container: { ...ha, securityContext: { runAsUser: 0 } } },
    { runAsUser: 0, runAsNonRoot: false },
    { uid: 1000, gid: 1000 },
  ],
];

test.each(identities)('%s', (_why, manifest, user, owner) => {
  const result = plan(manifest);
  for (const name of names) {
    const context = Object(initContainer(result, name)['securityContext']) as Record<string, unknown>;
    const { runAsUser, runAsGroup, runAsNonRoot } = context;
    expect({ runAsUser, runAsGroup, runAsNonRoot }).toEqual(user);
    expect(Object.hasOwn(context, 'runAsGroup')).toBe(runAsGroup !== undefined);
  }
  expect(contract(result).owner).toEqual(owner);
});
