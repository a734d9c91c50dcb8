import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import { listAt, objectAt, textAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import { environmentMaps } from '../../workload/mounted-file.ts';
import type { PostgresWorkload, ServerContainer, ServerParameter } from '../../workload/postgres-workload.ts';
import { joined, noObservations } from '../check.ts';
import type { Check, Observation, Surroundings } from '../check.ts';
import { containerField, environmentField, parameterField } from '../field-path.ts';
import { printable, quoted } from '../shown-text.ts';

/**
 * Fields: PGPORT, `-p` and `port`, POSTGRES_HOST_AUTH_METHOD, POSTGRES_INITDB_ARGS and POSTGRES_INITDB_WALDIR of the Postgres container.
 * Allowed: what is written in the object, or put together from that (Kubernetes, "Define Dependent Environment Variables"). PGDATA has
 * pgdata-unknown. What an envFrom holds is not known here, but for the ConfigMaps in files.
 */
export const variableUnknown: Check = {
  id: 'variable-unknown',
  severity: 'deny',
  summary: 'The port, or how the database is made, is said where an admission webhook cannot read it.',
  because:
    'Probes, preStop and the agent ask at 5432: a server that listens elsewhere is restarted again and again, and never backed up. What initdb is told may trust everybody, turn fsync off or put the WAL elsewhere, and nobody has looked.',
  instead: '`postgres.io/parameters: port=<port>`, or the variable as a literal value.',
  neverRatcheted: true,
  examine(workload, surroundings) {
    const { server } = workload;
    if (server === undefined) return noObservations;
    return joined(
      portUnknown(server, workload, surroundings.facts),
      server.family.officialEntrypoint ? initialisationUnknown(server, workload, surroundings) : noObservations,
    );
  },
};

/** A value in which something is left that only the kubelet, or a shell in the container, will put in. */
export function isUnresolved(value: string): boolean {
  return /[$\x60]/.test(value);
}

function portUnknown(server: ServerContainer, workload: PostgresWorkload, facts: ClusterFacts): readonly Observation[] {
  const said = server.parameters.get('port');
  if (said !== undefined) return isUnresolved(said.value) ? [unresolvedPort(server, said)] : [];
  const variable = server.environment.get('PGPORT');
  if (variable !== undefined && variable.kind !== 'value') {
    const known = variable.kind === 'other' ? valueInFiles(variable.valueFrom, workload, facts) : undefined;
    return [
      {
        field: environmentField(server.name, 'PGPORT').replace(/value$/, 'valueFrom'),
        message: `PGPORT comes by valueFrom, which cannot be read here; wanted the port. ${remedy(known)}`,
      },
    ];
  }
  const hidden = environmentMaps(server.container, workload, facts).find(
    ({ prefix, data }) => prefix === '' && Object.hasOwn(data, 'PGPORT'),
  );
  if (variable !== undefined || hidden === undefined) return [];
  return [
    {
      field: containerField(server.name, 'envFrom'),
      message: `PGPORT comes from ConfigMap ${quoted(hidden.configMap)}, which the webhook does not read; wanted the port in the object. ${remedy(hidden.data['PGPORT'])}`,
    },
  ];
}

function unresolvedPort(server: ServerContainer, parameter: ServerParameter): Observation {
  const name = parameter.from === 'environment' && server.environment.has('PGPORT') ? 'PGPORT' : 'port';
  return {
    field: name === 'PGPORT' ? environmentField(server.name, name) : parameterField(server, parameter),
    message: `${whyUnresolved(name, parameter.value, server)}; wanted the port. ${remedy(undefined)}`,
  };
}

/** In the words of who would put it in. */
function whyUnresolved(name: string, value: string, { environment, container }: ServerContainer): string {
  const reference = /\$\(([^)]*)\)/.exec(value)?.[1];
  const seen = `${name} is ${quoted(value)}`;
  if (reference === undefined) return `${seen}, which only a shell in the container can read`;
  const isThere = environment.has(reference) || listAt(container, 'envFrom').length > 0;
  return isThere
    ? `${seen}, which only the cluster can read`
    : `${seen}, and the kubelet finds no ${printable(reference)} before it`;
}

function remedy(port: string | undefined): string {
  const shown = port !== undefined && /^[0-9]{1,5}$/.test(port) ? port : '<port>';
  return `Write postgres.io/parameters: port=${shown}, or it as a literal value.`;
}

/** What a ConfigMap that is known has; the webhook knows none, so that it is only good for the message. */
function valueInFiles(
  valueFrom: JsonObject,
  { namespace }: PostgresWorkload,
  { configMaps }: ClusterFacts,
): string | undefined {
  const reference = objectAt(valueFrom, 'configMapKeyRef');
  const found = configMaps.find(namespace, textAt(reference, 'name') ?? '');
  return found.kind === 'present' ? found.fact.data[textAt(reference, 'key') ?? ''] : undefined;
}

/** Whose value matters once, and why it does. */
const once: readonly (readonly [name: string, why: string])[] = [
  ['POSTGRES_HOST_AUTH_METHOD', 'it may be trust'],
  ['POSTGRES_INITDB_ARGS', 'it may turn fsync off'],
];

/** … and always. */
const always: readonly (readonly [name: string, why: string])[] = [['POSTGRES_INITDB_WALDIR', 'it is not backed up']];

const onceAndAlways = [...once, ...always];

/** In backquotes, or in `$( )` with what no name of a variable has: the entrypoint gives the arguments to a shell, and these alone. */
function runsProgram(value: string): boolean {
  return /\x60|\$\([^)]*[^-.\w)]/.test(value);
}

/** initdb runs once; where it puts the WAL counts for as long as there is a database. */
function initialisationUnknown(
  server: ServerContainer,
  workload: PostgresWorkload,
  { operation, facts }: Surroundings,
): readonly Observation[] {
  const asked = (operation === 'CREATE' ? onceAndAlways : always).filter(([name]) => server.environment.has(name));
  if (asked.length === 0) return noObservations;
  return asked.flatMap(([name, why]): readonly Observation[] => {
    const variable = server.environment.get(name);
    if (variable === undefined) return [];
    // What a ConfigMap in the files says of it is judged by trust-auth.
    const isRead =
      name === 'POSTGRES_HOST_AUTH_METHOD' &&
      variable.kind === 'other' &&
      valueInFiles(variable.valueFrom, workload, facts) !== undefined;
    if (isRead) return [];
    const isPrinted = variable.kind === 'value' && name === 'POSTGRES_INITDB_ARGS' && runsProgram(variable.value);
    // Another `$` in the arguments is for the shell that takes them apart.
    if (variable.kind === 'value' && !isPrinted && !variable.value.includes('$(')) return [];
    const field = environmentField(server.name, name);
    const seen = isPrinted
      ? `${name} is what a program prints, unread here`
      : variable.kind === 'value'
        ? whyUnresolved(name, variable.value, server)
        : `${name} comes by valueFrom, unread here`;
    return [
      {
        severity: 'warn',
        field: variable.kind === 'value' ? field : field.replace(/value$/, 'valueFrom'),
        message: `${seen}: ${why}; wanted a literal value. Write value: <what it is>.`,
      },
    ];
  });
}
