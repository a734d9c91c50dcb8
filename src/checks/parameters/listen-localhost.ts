import { readListenAddresses } from '../../workload/listen-addresses.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { parameterField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: listen_addresses (also `-h`) in command and args of the Postgres container, and in postgres.io/parameters.
 * Allowed: `*`, 0.0.0.0, or a list that holds localhost or 127.0.0.1 and a name or variable that others reach. The agent and the
 * probes connect to 127.0.0.1; `::` alone does not answer there, since PostgreSQL binds IPv6 without IPv4, and 0.0.0.0 behind
 * 127.0.0.1 is not bound.
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
    const field = parameterField(server, parameter);
    const seen = `listen_addresses is ${quoted(parameter.value)}`;
    const listening = readListenAddresses(parameter.value);
    if (listening.kind === 'no-list')
      return [{ field, message: `${seen}, a list that PostgreSQL does not start with; wanted *. Remove it.` }];
    if (!listening.onLoopback)
      return [{ field, message: `${seen}, without 127.0.0.1, where the agent connects; wanted *. Remove it.` }];
    switch (listening.outside) {
      case 'some':
        return noObservations;
      case 'fixed':
        return [
          {
            field,
            message: `${seen}, beside loopback an address that is written out, and a pod has another one each time; wanted *. Remove it.`,
            severity: 'warn',
          },
        ];
      case 'none':
        return hasStandbys(workload)
          ? [{ field, message: `${seen}, where no standby connects; wanted *. Remove it.` }]
          : [{ field, message: `${seen}, which only this pod reaches; wanted *. Remove it.`, severity: 'warn' }];
    }
  },
};

function hasStandbys({ settings, replicas }: PostgresWorkload): boolean {
  return replicas > 1 || settings.values.replicationSecret !== undefined;
}
