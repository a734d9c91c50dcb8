import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { parameterField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: listen_addresses (also `-h`) in command and args of the Postgres container, and in postgres.io/parameters.
 * Allowed: `*`, 0.0.0.0, or a list that holds localhost or an address of 127.0.0.0/8 and one that others reach. The agent
 * and the probes connect to 127.0.0.1; `::` alone does not answer there, since PostgreSQL binds IPv6 without IPv4.
 */
export const listenLocalhost: Check = {
  id: 'listen-localhost',
  severity: 'deny',
  summary: 'The server does not listen where the agent, or a standby, connects.',
  because:
    'Without 127.0.0.1 the agent receives no WAL and makes no backup, and the startup probe ends the container; with loopback alone no standby and no application outside the pod gets in.',
  instead: "No listen_addresses: the image's default, `*`, is right.",
  examine(workload) {
    const { server } = workload;
    const parameter = server?.parameters.get('listen_addresses');
    if (server === undefined || parameter === undefined) return noObservations;
    const addresses = addressesOf(parameter.value);
    const field = parameterField(server, parameter);
    const seen = `listen_addresses is ${quoted(parameter.value)}`;
    if (!addresses.some(isHeardOnLoopback)) {
      return [{ field, message: `${seen}, without 127.0.0.1, where the agent connects; wanted *. Remove it.` }];
    }
    if (addresses.some((address) => !isLoopback(address))) return noObservations;
    return hasStandbys(workload)
      ? [{ field, message: `${seen}, where no standby connects; wanted *. Remove it.` }]
      : [{ field, message: `${seen}, which only this pod reaches; wanted *. Remove it.`, severity: 'warn' }];
  },
};

function hasStandbys({ settings, replicas }: PostgresWorkload): boolean {
  return replicas > 1 || settings.values.replicationSecret !== undefined;
}

/** A list of names, of which each may be in double quotes (SplitGUCList). */
function addressesOf(value: string): readonly string[] {
  return value
    .split(',')
    .map((address) =>
      address
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .toLowerCase(),
    )
    .filter((address) => address !== '');
}

function isHeardOnLoopback(address: string): boolean {
  return address === '*' || address === '0.0.0.0' || address === 'localhost' || /^127(\.\d{1,3}){3}$/.test(address);
}

function isLoopback(address: string): boolean {
  return address === '::1' || (isHeardOnLoopback(address) && address !== '*' && address !== '0.0.0.0');
}
