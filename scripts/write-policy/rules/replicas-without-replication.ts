import { replicasWithoutReplication } from '../../../src/checks/replication/replicas-without-replication.ts';
import { annotationName } from '../../../src/workload/annotation-name.ts';
import { imagesNotTold } from '../narrower.ts';
import { literal } from '../rule.ts';
import type { Rule } from '../rule.ts';

const [secret, role] = [literal(annotationName('replication-secret')), literal(annotationName('role'))];

/** What `isCopiedByScript` finds, or a bit more. */
const copies = 'pg_basebackup|pg_rewind|(standby|recovery)[.]signal|recovery[.]conf|primary_conninfo';

export const rule: Rule = {
  kind: 'state',
  check: replicasWithoutReplication,
  narrower: `${imagesNotTold} Pods in which the word for a copy or a standby stands in any command.`,
  seen: ({ object, variable }) => {
    const annotations = variable('annotations');
    const isPrimary = `(${role} in ${annotations} && ${annotations}[${role}] == 'primary')`;
    const pod = variable('pod');
    const containers = `(${pod}.containers + (has(${pod}.initContainers) ? ${pod}.initContainers : []))`;
    const words = (of: string): string =>
      `((has(${of}.command) ? ${of}.command : []) + (has(${of}.args) ? ${of}.args : []))`;
    const isCopied = `${containers}.exists(c, ${words('c')}.exists(w, w.matches(${literal(copies)})))`;
    return `${variable('server')}.size() == 1 && has(${object}.spec.replicas) && ${object}.spec.replicas > 1 &&
  (${isPrimary} || !(${secret} in ${annotations} || ${secret} in variables.namespaceAnnotations || ${isCopied}))
? [(${isPrimary} ? 'primary ' : '') + string(${object}.spec.replicas)] : []`;
  },
};
