import { numberAt, objectsAt, textAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import type { Injection } from './injection.ts';

const name = 'postgres';

export const serverPort: Injection = {
  id: 'server-port',
  summary: 'The port that Postgres listens on, where no containerPort names it',

  contribute({ server, workload }) {
    const ports = objectsAt(server.container, 'ports');
    if (ports.some((port) => numberAt(port, 'containerPort') === server.port)) {
      return { skipped: `port ${server.port} is there` };
    }
    const port = { containerPort: server.port, protocol: 'TCP' };
    return {
      server: { ports: [isTaken(workload.podSpec) ? port : { name, ...port }] },
      reason: `no containerPort says that Postgres listens on ${server.port}`,
    };
  },
};

/** Also by another container: a Service that says `targetPort: postgres` means that one, a pooler for example. */
function isTaken(podSpec: JsonObject): boolean {
  const containers = [...objectsAt(podSpec, 'containers'), ...objectsAt(podSpec, 'initContainers')];
  return containers.some((container) => objectsAt(container, 'ports').some((port) => textAt(port, 'name') === name));
}
