import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { environmentField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: POSTGRES_HOST_AUTH_METHOD and POSTGRES_INITDB_ARGS of the Postgres container.
 * Allowed: any method that asks for something; trust for local sockets only (`--auth-local`).
 */
export const trustAuth: Check = {
  id: 'trust-auth',
  severity: 'deny',
  summary: 'Everyone who reaches the port is superuser.',
  because: 'Any pod in the cluster can read, change and drop everything, and replicate all of it, without a password.',
  instead: 'scram-sha-256, which is what the image takes when nothing is set.',
  examine({ server }) {
    if (server === undefined) return noObservations;
    return [...trustedHosts(server), ...trustedByInitdb(server)];
  },
};

function trustedHosts(server: ServerContainer): readonly Observation[] {
  const variable = server.environment.get('POSTGRES_HOST_AUTH_METHOD');
  if (variable?.kind !== 'value' || variable.value.trim() !== 'trust') return noObservations;
  return [
    {
      field: environmentField(server.name, 'POSTGRES_HOST_AUTH_METHOD'),
      message:
        'POSTGRES_HOST_AUTH_METHOD is "trust"; wanted a method that asks for a password. Remove it, or write scram-sha-256.',
    },
  ];
}

function trustedByInitdb(server: ServerContainer): readonly Observation[] {
  const variable = server.environment.get('POSTGRES_INITDB_ARGS');
  if (variable?.kind !== 'value' || hostMethod(variable.value) !== 'trust') return noObservations;
  return [
    {
      field: environmentField(server.name, 'POSTGRES_INITDB_ARGS'),
      message: `POSTGRES_INITDB_ARGS is ${quoted(variable.value)}, which trusts all hosts; wanted a password. Write --auth-host=scram-sha-256.`,
    },
  ];
}

/** initdb(1): `-A`, `--auth` and `--auth-host`; the last one counts. */
export function hostMethod(args: string): string | undefined {
  return [...args.matchAll(/(?:^|\s)(?:-A\s*|--auth(?:-host)?(?:=|\s+))["']?([\w-]+)/g)].at(-1)?.[1];
}
