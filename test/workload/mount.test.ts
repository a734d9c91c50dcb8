import { expect, test } from 'vitest';
import { readMounts } from '../../src/workload/mount.ts';

const container = { volumeMounts: [{ name: 'data', mountPath: '/data' }] };
const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'old', readOnly: true } }];

test('a claim template of the same name replaces the volume of the pod, with all that it says', () => {
  const [mount] = readMounts(container, { volumes }, { volumeClaimTemplates: [{ metadata: { name: 'data' } }] });
  expect(mount).toMatchObject({ readOnly: false, source: { kind: 'claim-template' } });
});

test('a mount is read-only by itself, or by the claim behind it', () => {
  expect(readMounts(container, { volumes }, {})).toMatchObject([{ readOnly: true, source: { kind: 'claim' } }]);
  const own = { volumeMounts: [{ name: 'data', mountPath: '/data', readOnly: true }] };
  expect(readMounts(own, { volumes: [{ name: 'data' }] }, {})).toMatchObject([{ readOnly: true }]);
});
