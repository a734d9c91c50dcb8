import type { InitdbArguments } from './initdb-arguments.ts';
import type { ParameterList } from './parameter-list.ts';
import type { ServerParameter } from './postgres-workload.ts';
import { readServerInteger } from './server-number.ts';
import type { SwitchedParameter } from './server-switches.ts';

const defaultPort = 5432;

/** Weakest first: `port` (PGPORT), what initdb writes into postgresql.conf, the switches in the order written, the `parameters` annotation, which comes after them. */
export function readParameters(
  switches: readonly SwitchedParameter[],
  commandLength: number,
  port: string | undefined,
  annotation: ParameterList,
  initdb: InitdbArguments | undefined,
): ReadonlyMap<string, ServerParameter> {
  const fromEnvironment: readonly ServerParameter[] =
    port !== undefined && port !== '' ? [{ name: 'port', value: port, from: 'environment', argument: undefined }] : [];
  const fromInitdb = (initdb?.parameters ?? []).map(([name, value]): ServerParameter => {
    return { name, value, from: 'initdb', argument: undefined };
  });
  const fromArguments = switches.map(({ name, value, argument }): ServerParameter => {
    return { name, value, from: argument < commandLength ? 'command' : 'args', argument };
  });
  const fromAnnotation = annotation.map(([name, value]): ServerParameter => {
    return { name, value, from: 'parameters-annotation', argument: undefined };
  });
  return new Map(
    [...fromEnvironment, ...fromInitdb, ...fromArguments, ...fromAnnotation].map((parameter) => [
      parameter.name,
      parameter,
    ]),
  );
}

/** What PostgreSQL listens on; a value that is no port counts as the default, and the server will say so. */
export function readPort(parameters: ReadonlyMap<string, ServerParameter>): number {
  const port = readServerInteger(parameters.get('port')?.value ?? '') ?? defaultPort;
  return port >= 1 && port <= 65_535 ? port : defaultPort;
}
