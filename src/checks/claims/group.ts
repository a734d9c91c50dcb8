import { pvcAccessRwx } from './pvc-access-rwx.ts';
import { pvcBoundElsewhere } from './pvc-bound-elsewhere.ts';
import { pvcMissing } from './pvc-missing.ts';
import { pvcRetentionDelete } from './pvc-retention-delete.ts';
import { pvcSharedByReplicas } from './pvc-shared-by-replicas.ts';
import { storageclassMissing } from './storageclass-missing.ts';
import { storageclassNoExpand } from './storageclass-no-expand.ts';
import { storageclassNotAllowed } from './storageclass-not-allowed.ts';
import { storageclassReclaimDelete } from './storageclass-reclaim-delete.ts';
import { vctChanged } from './vct-changed.ts';
import { vctSizeZeroOrTiny } from './vct-size-zero-or-tiny.ts';
import type { Check } from '../check.ts';

/** Claims, in the order in which findings are told. */
export const claimsChecks = [
  pvcSharedByReplicas,
  pvcBoundElsewhere,
  pvcMissing,
  storageclassNotAllowed,
  storageclassMissing,
  pvcAccessRwx,
  pvcRetentionDelete,
  vctChanged,
  vctSizeZeroOrTiny,
  storageclassReclaimDelete,
  storageclassNoExpand,
] as const satisfies readonly Check[];
