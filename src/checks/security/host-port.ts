import { numberAt, objectsAt } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';

/**
 * Fields: ports[*].hostPort of the Postgres container.
 * Allowed: none. With hostNetwork Kubernetes writes it by itself, and `host-network` says what there is to say.
 */
export const hostPort: Check = {
  id: 'host-port',
  severity: 'warn',
  summary: 'The port of Postgres is opened on the node.',
  because:
    'The database is reachable at the address of its node, past Services and most network policies; and no node can take two of these pods.',
  instead: 'No hostPort; a Service for clients outside the cluster.',
  examine({ server, podSpec }) {
    if (server === undefined || podSpec['hostNetwork'] === true) return noObservations;
    return objectsAt(server.container, 'ports')
      .filter((port) => (numberAt(port, 'hostPort') ?? 0) > 0)
      .map((port) => {
        const [own, ofNode] = [numberAt(port, 'containerPort') ?? 0, numberAt(port, 'hostPort') ?? 0];
        return {
          field: containerField(server.name, `ports[${own}].hostPort`),
          message: `port ${own} is open on the node as ${ofNode}; wanted a Service. Remove hostPort.`,
        };
      });
  },
};
