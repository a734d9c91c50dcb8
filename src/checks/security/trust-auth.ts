import { opensWithoutPassword } from '../../workload/image-version.ts';
import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import { hbaLines } from '../../workload/configuration-file.ts';
import { objectsAt, textAt } from '../../workload/json.ts';
import { mountedFile } from '../../workload/mounted-file.ts';
import type { PostgresWorkload, ServerContainer } from '../../workload/postgres-workload.ts';
import { variableByReference } from '../../workload/variable-by-reference.ts';
import { joined, noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { containerField, environmentField } from '../field-path.ts';
import { hasPassword } from '../start/password-missing.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: POSTGRES_HOST_AUTH_METHOD, POSTGRES_PASSWORD and image of the Postgres container; AUTH_TYPE of a PgBouncer beside it; in files,
 * the ConfigMap that has such a variable, pg_hba.conf and pgbouncer.ini.
 * Allowed: any method that asks for something. What POSTGRES_INITDB_ARGS says is of loopback and sockets, where initdb trusts anyway; for
 * everybody else the entrypoint adds a line of its own.
 */
export const trustAuth: Check = {
  id: 'trust-auth',
  severity: 'deny',
  summary: 'Everyone who reaches the port is superuser.',
  because: 'Any pod in the cluster can read, change and drop everything, and replicate all of it, without a password.',
  instead: 'scram-sha-256, which is what the image takes when nothing is set.',
  examine(workload, { facts }) {
    const { server } = workload;
    if (server === undefined) return noObservations;
    return joined(
      trustedHosts(workload, server, facts),
      trustedByImage(server),
      trustedByPooler(workload, server, facts),
      trustedByFile(workload, server, facts),
    );
  },
};

const method = 'POSTGRES_HOST_AUTH_METHOD';

function trustedHosts(
  workload: PostgresWorkload,
  server: ServerContainer,
  facts: ClusterFacts,
): readonly Observation[] {
  const variable = server.environment.get(method);
  if (variable?.kind !== 'value') return trustedByMap(workload, server, facts);
  if (!isTrust(variable.value)) return noObservations;
  return [
    {
      field: environmentField(server.name, method),
      message: `POSTGRES_HOST_AUTH_METHOD is ${quoted(variable.value)}; wanted a method that asks for a password. Remove it, or write scram-sha-256.`,
    },
  ];
}

/** By valueFrom or envFrom, of a ConfigMap beside the set. Which method an image without this variable's entrypoint takes is not said by it. */
function trustedByMap(
  workload: PostgresWorkload,
  server: ServerContainer,
  facts: ClusterFacts,
): readonly Observation[] {
  // In the webhook no ConfigMap is known.
  if (!server.family.officialEntrypoint || facts.configMaps.within(workload.namespace).length === 0)
    return noObservations;
  const found = variableByReference(method, server, workload, facts);
  if (found.kind !== 'held' || found.value === undefined || !isTrust(found.value)) return noObservations;
  return [
    {
      field: server.environment.has(method)
        ? environmentField(server.name, method).replace(/value$/, 'valueFrom')
        : containerField(server.name, 'envFrom'),
      message: `${method} is ${quoted(found.value)} in ConfigMap ${quoted(found.holder.name)}; wanted a method that asks for a password. Remove it, or write scram-sha-256 there.`,
    },
  ];
}

/** Before 2020-02-13 the entrypoint wrote trust for all hosts where there was no password. */
function trustedByImage(server: ServerContainer): readonly Observation[] {
  if (!opensWithoutPassword(server.image, server.family) || hasPassword(server)) return noObservations;
  return [
    {
      field: containerField(server.name, 'env'),
      message: `image ${quoted(server.image?.text ?? '')} trusts all hosts where there is no POSTGRES_PASSWORD; wanted one. Add it to env, from a Secret.`,
    },
  ];
}

/** The entrypoint writes it behind `host all all all`: blanks, quotes, a comment and options are pg_hba.conf's (manual 20.1). */
export function hostAuthMethod(value: string): string | undefined {
  return /^[ \t]*"?([a-z0-9-]+)"?(?=[ \t,#\n]|$)/.exec(value)?.[1];
}

export function isTrust(value: string): boolean {
  return hostAuthMethod(value) === 'trust';
}

/** PgBouncer logs in with the password that it has, for whoever it lets in (pgbouncer.org, "auth_type"). */
function trustedByPooler(
  { podSpec, namespace }: PostgresWorkload,
  server: ServerContainer,
  facts: ClusterFacts,
): readonly Observation[] {
  return objectsAt(podSpec, 'containers')
    .filter((container) => container !== server.container && /bouncer/i.test(textAt(container, 'image') ?? ''))
    .flatMap((container): readonly Observation[] => {
      const name = textAt(container, 'name') ?? '';
      const variable = objectsAt(container, 'env').findLast((entry) =>
        poolerVariable.test(textAt(entry, 'name') ?? ''),
      );
      const value = textAt(variable, 'value')?.trim() ?? '';
      if (opensPooler.test(value)) {
        const variableName = textAt(variable, 'name') ?? '';
        return [
          {
            field: environmentField(name, variableName),
            message: `${variableName} of the pooler is ${quoted(value)}, which lets everybody in; wanted a password. Write scram-sha-256.`,
          },
        ];
      }
      const file = [
        '/etc/pgbouncer/pgbouncer.ini',
        '/bitnami/pgbouncer/conf/pgbouncer.ini',
        '/opt/bitnami/pgbouncer/conf/pgbouncer.ini',
      ]
        .map((path) => mountedFile(path, container, { podSpec, namespace }, facts))
        .find((found) => found !== undefined);
      const said = file === undefined ? undefined : /^[ \t]*auth_type[ \t]*=[ \t]*(\S+)/m.exec(file.text)?.[1];
      if (file === undefined || said === undefined || !opensPooler.test(said)) return [];
      return [
        {
          field: containerField(name, 'volumeMounts'),
          message: `auth_type of the pooler is ${quoted(said)} in ConfigMap ${quoted(file.configMap)}, which lets everybody in; wanted a password. Write scram-sha-256.`,
        },
      ];
    });
}

const poolerVariable = /^(PGBOUNCER_)?AUTH_TYPE$/;
const opensPooler = /^(trust|any)$/i;

/** A pg_hba.conf of a ConfigMap beside the set: a line that trusts somebody who is not on the same machine. */
function trustedByFile(
  workload: PostgresWorkload,
  server: ServerContainer,
  facts: ClusterFacts,
): readonly Observation[] {
  const line = hbaLines(workload, facts)?.lines.find(({ text }) => trustsOthers(text));
  if (line === undefined) return noObservations;
  const { text, file } = line;
  return [
    {
      field: containerField(server.name, 'volumeMounts'),
      message: `${quoted(file.key)} of ConfigMap ${quoted(file.configMap)} has ${quoted(text.trim().replaceAll(/\s+/g, ' '))}; wanted a method that asks for a password. Write scram-sha-256.`,
    },
  ];
}

/** PostgreSQL manual 20.1: type, database, user, address, perhaps a mask, method. */
function trustsOthers(line: string): boolean {
  const words = line
    .replace(/#.*$/, '')
    .trim()
    .split(/\s+/)
    .map((word) => word.replaceAll('"', ''));
  const [type = '', , , address = '', next = '', last = ''] = words;
  if (!/^host/.test(type) || /^(127\.|::1|localhost$|samehost$)/.test(address)) return false;
  return next === 'trust' || (/^[0-9a-f.:]+$/i.test(next) && last === 'trust');
}
