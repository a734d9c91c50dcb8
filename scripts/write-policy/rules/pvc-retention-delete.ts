import { pvcRetentionDelete } from '../../../src/checks/claims/pvc-retention-delete.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  kind: 'state',
  check: pvcRetentionDelete,
  narrower: undefined,
  seen: ({ object }) => {
    const policy = `${object}.spec.persistentVolumeClaimRetentionPolicy`;
    const when = (key: string): string => `(has(${policy}.${key}) && ${policy}.${key} == 'Delete' ? ['${key}'] : [])`;
    return `has(${policy}) ? ${when('whenDeleted')} + ${when('whenScaled')} : []`;
  },
};
