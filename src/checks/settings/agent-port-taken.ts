import { numberAt, objectsAt, textAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { joined, noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { annotationField, containerField } from '../field-path.ts';
import type { ContainerList } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: ports of all containers and native sidecars, the port of Postgres, postgres.io/agent-port.
 * Allowed: any other TCP port. Init containers that end have ended before the agent starts.
 */
export const agentPortTaken: Check = {
  id: 'agent-port-taken',
  severity: 'deny',
  summary: 'A container of the pod listens on the port of the agent.',
  because:
    'The containers of a pod share one network: whichever starts second crashes again and again, the agent or the other one. Without the agent there is no backup.',
  instead: '`postgres.io/agent-port` with a port that is free.',
  examine(workload) {
    return joined(inContainers(workload, 'containers'), inContainers(workload, 'initContainers'), inServer(workload));
  },
};

function inContainers({ podSpec, settings }: PostgresWorkload, list: ContainerList): readonly Observation[] {
  const port = settings.values.agentPort;
  return objectsAt(podSpec, list)
    .filter((container) => staysUp(container, list) && declares(container, port))
    .map((container) => {
      const name = textAt(container, 'name') ?? '';
      return {
        field: containerField(name, `ports[${port}].containerPort`, list),
        message: `container ${quoted(name)} has port ${port}, as the agent has; wanted another port for one of them. ${remedy}`,
      };
    });
}

/** Where no containerPort says it. */
function inServer({ server, settings }: PostgresWorkload): readonly Observation[] {
  const port = settings.values.agentPort;
  if (server?.port !== port || declares(server.container, port)) return noObservations;
  return [
    {
      field: annotationField('postgres.io/agent-port'),
      message: `Postgres listens on port ${port}, as the agent does; wanted another port for one of them. ${remedy}`,
    },
  ];
}

function staysUp(container: JsonObject, list: ContainerList): boolean {
  return list === 'containers' || container['restartPolicy'] === 'Always';
}

function declares(container: JsonObject, port: number): boolean {
  return objectsAt(container, 'ports').some(
    (entry) => numberAt(entry, 'containerPort') === port && (textAt(entry, 'protocol') ?? 'TCP') === 'TCP',
  );
}

const remedy = 'Write postgres.io/agent-port: "<free port>".';
