import { replicasWithoutReplication } from '../../../src/checks/replication/replicas-without-replication.ts';
import { annotationName } from '../../../src/workload/annotation-name.ts';
import { imagesNotTold } from '../narrower.ts';
import { literal } from '../rule.ts';
import type { Rule } from '../rule.ts';

const [secret, role] = [literal(annotationName('replication-secret')), literal(annotationName('role'))];

export const rule: Rule = {
  kind: 'state',
  check: replicasWithoutReplication,
  narrower: imagesNotTold,
  seen: ({ object, variable }) => {
    const annotations = variable('annotations');
    const isPrimary = `(${role} in ${annotations} && ${annotations}[${role}] == 'primary')`;
    return `${variable('server')}.size() == 1 && has(${object}.spec.replicas) && ${object}.spec.replicas > 1 &&
  (${isPrimary} || !(${secret} in ${annotations} || ${secret} in variables.namespaceAnnotations))
? [(${isPrimary} ? 'primary ' : '') + string(${object}.spec.replicas)] : []`;
  },
};
