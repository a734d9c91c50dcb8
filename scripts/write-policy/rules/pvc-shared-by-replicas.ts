import { pvcSharedByReplicas } from '../../../src/checks/claims/pvc-shared-by-replicas.ts';
import { placesNotTold } from '../narrower.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  kind: 'state',
  check: pvcSharedByReplicas,
  narrower: `${placesNotTold} Any subPathExpr.`,
  seen: ({ object, variable }) => `has(${object}.spec.replicas) && ${object}.spec.replicas > 1 &&
  ${variable('dataMount')}.all(m, !has(m.subPathExpr) || m.subPathExpr == '')
? ${variable('dataVolume')}.filter(v, has(v.persistentVolumeClaim) || has(v.nfs)).map(v, v.name + ' ' + string(${object}.spec.replicas))
: []`,
};
