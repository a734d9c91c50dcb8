import { listAt, numberAt, objectAt, objectsAt, textAt } from '../../workload/json.ts';
import type { Json, JsonObject } from '../../workload/json.ts';
import type { ServiceFact } from '../../workload/cluster-facts.ts';
import type { PostgresWorkload, ServerContainer } from '../../workload/postgres-workload.ts';
import { joined, noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { containerField } from '../field-path.ts';
import { execCommands, programName } from './handler-commands.ts';
import { podLabels, selectsAll } from '../replication/pod-labels.ts';
import { quoted } from '../shown-text.ts';
import { isUnresolved } from './variable-unknown.ts';

/**
 * Fields: port (`-p`, PGPORT) of Postgres against the probes and ports of its container, and the Services that select its pods.
 * Allowed: probes, a containerPort and a targetPort that agree with it. A port that another container of the pod declares (a pooler) may be
 * meant; one that comes from a Secret, a ConfigMap or a configuration file is not known here.
 */
export const portChanged: Check = {
  id: 'port-changed',
  severity: 'warn',
  summary: 'A probe, a port of the container or a Service is not at the port that Postgres listens on.',
  because:
    'A probe that asks at the wrong port restarts a healthy server again and again, or never lets anybody in; Services that go by the name of the port lead nowhere.',
  instead: 'The same port in all of them, best 5432.',
  examine(workload, { facts }) {
    const { server } = workload;
    if (server === undefined || !isPortKnown(server)) return noObservations;
    const services = facts.services.within(workload.namespace);
    return joined(
      ofProbes(workload, server),
      ofPorts(workload, server),
      ...services.map((service) => ofService(service, workload, server)),
    );
  },
};

function isPortKnown({ environment, container, parameters }: ServerContainer): boolean {
  const said = parameters.get('port');
  // variable-unknown asks for it.
  if (said !== undefined && isUnresolved(said.value)) return false;
  const isSaid = said !== undefined;
  const variable = environment.get('PGPORT');
  if (variable !== undefined && variable.kind !== 'value') return isSaid;
  return isSaid || (!parameters.has('config_file') && listAt(container, 'envFrom').length === 0);
}

function ofProbes(workload: PostgresWorkload, server: ServerContainer): readonly Observation[] {
  return (['startup', 'liveness', 'readiness'] as const).flatMap((kind): readonly Observation[] => {
    const probe = server.probes[kind];
    const asked = probe === undefined ? undefined : askedPort(probe, server);
    if (asked === undefined || asked === server.port || isOfAnother(workload, server, asked)) return [];
    return [
      {
        field: containerField(server.name, `${kind}Probe`),
        message: `the ${kind} probe asks at port ${asked}, and Postgres listens on ${server.port}; wanted the same. Write ${server.port} in the probe.`,
      },
    ];
  });
}

/** A container that declares 5432 and listens elsewhere; other ports of it may be anything. */
function ofPorts(workload: PostgresWorkload, server: ServerContainer): readonly Observation[] {
  if (server.port === usual) return noObservations;
  const ports = objectsAt(server.container, 'ports').map((port) => numberAt(port, 'containerPort'));
  if (ports.includes(server.port) || !ports.includes(usual)) return [];
  if (isOfAnother(workload, server, usual)) return [];
  return [
    {
      field: containerField(server.name, `ports[${usual}].containerPort`),
      message: `containerPort is ${usual}, and Postgres listens on ${server.port}; wanted the same. Write containerPort: ${server.port}.`,
    },
  ];
}

const usual = 5432;

/** A Service for the pods that takes connections at 5432, or leads them there; its other ports may be anything. */
function ofService(
  { name, selector, ports }: ServiceFact,
  workload: PostgresWorkload,
  server: ServerContainer,
): readonly Observation[] {
  if (!selectsAll(selector, podLabels(workload))) return [];
  return ports.flatMap(({ port, target }): readonly Observation[] => {
    const led = socketPort(target, server);
    if (led === undefined || led === server.port || (port !== usual && led !== usual)) return [];
    if (isOfAnother(workload, server, led)) return [];
    return [
      {
        field: containerField(server.name, 'ports'),
        message: `Service ${quoted(name)} leads ${port} to ${led}, and Postgres listens on ${server.port}; wanted the same. In the Service write targetPort: ${server.port}.`,
      },
    ];
  });
}

function askedPort(probe: JsonObject, server: ServerContainer): number | undefined {
  const socket = objectAt(probe, 'tcpSocket');
  if (Object.hasOwn(socket, 'port')) return socketPort(socket['port'], server);
  return execCommands(probe)
    .map((command) => readyPort(command, server))
    .find((port) => port !== undefined);
}

/** By number, or by the name of a port of the container. */
function socketPort(port: Json | undefined, server: ServerContainer): number | undefined {
  if (typeof port === 'number') return port;
  const named = objectsAt(server.container, 'ports').find((entry) => textAt(entry, 'name') === port);
  return numberAt(named, 'containerPort');
}

/** pg_isready(1): `-p`, `--port`, else PGPORT, else 5432. undefined: another program, or a port that the shell knows. */
function readyPort(command: readonly string[], server: ServerContainer): number | undefined {
  const [program = '', ...options] = command;
  // A connection string may hold a port, too.
  if (programName(program) !== 'pg_isready' || options.some(isConnectionString)) return undefined;
  const at = options.findIndex((option) => /^(?:-p|--port)/.test(option));
  if (at < 0) return server.environment.has('PGPORT') ? undefined : usual;
  const text = /^(?:-p|--port)$/.test(options[at] ?? '')
    ? options[at + 1]
    : options[at]?.replace(/^(?:-p|--port)=?/, '');
  return /^[0-9]{1,5}$/.test(text ?? '') ? Number(text) : undefined;
}

function isConnectionString(option: string): boolean {
  return /^(?!--port=).*\bport\s*=|:\/\//.test(option);
}

function isOfAnother({ podSpec }: PostgresWorkload, server: ServerContainer, port: number): boolean {
  return [...objectsAt(podSpec, 'containers'), ...objectsAt(podSpec, 'initContainers')].some(
    (container) =>
      textAt(container, 'name') !== server.name &&
      objectsAt(container, 'ports').some((entry) => numberAt(entry, 'containerPort') === port),
  );
}
