import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { podSpecField } from '../field-path.ts';

/**
 * Fields: spec.template.spec.hostNetwork.
 * Allowed: the pod's own network, which is the default.
 */
export const hostNetwork: Check = {
  id: 'host-network',
  severity: 'warn',
  summary: 'The pod is on the network of its node.',
  because:
    'Postgres and the agent listen on every address of the node, no network policy applies to them, and pg_hba.conf cannot tell pods from nodes: whoever reaches a node may try to log in.',
  instead: 'No hostNetwork; a Service of type LoadBalancer or NodePort for clients outside the cluster.',
  examine({ podSpec }) {
    if (podSpec['hostNetwork'] !== true) return noObservations;
    return [
      {
        field: `${podSpecField}.hostNetwork`,
        message:
          "hostNetwork is true, so Postgres listens on the node's addresses; wanted the pod's network. Remove it.",
      },
    ];
  },
};
