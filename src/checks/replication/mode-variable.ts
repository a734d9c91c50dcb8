import { readEnvironment } from '../../workload/environment.ts';
import { objectsAt, textAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { joined, noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { environmentField } from '../field-path.ts';
import type { ContainerList } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: env STANDBY_MODE, PG_MODE and PRIMARY_SERVER_ADDRESS of every container; postgres.io/role and primary.
 * Allowed: STANDBY_MODE "on" or PG_MODE "slave" with role standby; STANDBY_MODE "off" or PG_MODE "master" with another role; with role standby
 * a PRIMARY_SERVER_ADDRESS that is the host of postgres.io/primary, or its first part. What a reference to a Secret or a ConfigMap holds cannot
 * be seen here: then the annotation must be there.
 */
export const modeVariable: Check = {
  id: 'mode-variable',
  severity: 'deny',
  summary:
    'A variable of the manifest says another role or primary than pgusher would give the server, or a role that is none.',
  because:
    'The stock image and pgusher do not read it: a set that is meant as a standby becomes a second, empty primary, and takes writes.',
  instead:
    '`postgres.io/role: standby` with `postgres.io/primary`, or a variable that says the same as the annotation.',
  examine(workload) {
    return joined(ofList(workload, 'initContainers'), ofList(workload, 'containers'));
  },
};

function ofList(workload: PostgresWorkload, list: ContainerList): readonly Observation[] {
  const containers = objectsAt(workload.podSpec, list).filter((container) => objectsAt(container, 'env').some(isMode));
  if (containers.length === 0) return noObservations;
  return containers.flatMap((container) => {
    const environment = readEnvironment(container);
    const name = textAt(container, 'name') ?? '';
    const address = environment.get(addressVariable);
    const followed =
      address?.kind === 'value' ? ofAddress(workload, { list, name, value: address.value }) : noObservations;
    const said = Object.entries(modes).flatMap(([variable, words]) => {
      const entry = environment.get(variable);
      return entry === undefined
        ? noObservations
        : contradiction(workload, {
            list,
            name,
            variable,
            words,
            value: entry.kind === 'value' ? entry.value : undefined,
          });
    });
    return [...said, ...followed];
  });
}

/** The words of a variable, exactly as the images that read it compare them. */
const modes = {
  STANDBY_MODE: { standby: 'on', primary: 'off' },
  PG_MODE: { standby: 'slave', primary: 'master' },
} as const;

const addressVariable = 'PRIMARY_SERVER_ADDRESS';

/** Most containers have none, and this is asked for each request. */
function isMode(entry: JsonObject): boolean {
  return entry['name'] === 'STANDBY_MODE' || entry['name'] === 'PG_MODE' || entry['name'] === addressVariable;
}

/** Of a primary it may be left from before: its mode decides. */
function ofAddress(
  { settings }: PostgresWorkload,
  { list, name, value }: { readonly list: ContainerList; readonly name: string; readonly value: string },
): readonly Observation[] {
  const { role, primary } = settings.values;
  // Without the annotation, role-without-primary asks for it.
  if (role !== 'standby' || primary === undefined || isHostOf(primary, value)) return noObservations;
  return [
    {
      field: environmentField(name, addressVariable, list),
      message: `${addressVariable} is ${quoted(value)}, and postgres.io/primary is ${quoted(primary)}, which is followed; wanted both to say the same. Write the host of postgres.io/primary, or remove the variable.`,
    },
  ];
}

function isHostOf(primary: string, value: string): boolean {
  const host = primary.replace(/:\d+$/, '').toLowerCase();
  const said = value.replace(/:\d+$/, '').toLowerCase();
  return host === said || host.startsWith(`${said}.`) || said.startsWith(`${host}.`);
}

interface Said {
  readonly list: ContainerList;
  readonly name: string;
  readonly variable: string;
  readonly words: { readonly standby: string; readonly primary: string };
  /** Undefined: from a Secret or a ConfigMap. */
  readonly value: string | undefined;
}

function contradiction({ settings }: PostgresWorkload, said: Said): readonly Observation[] {
  const { role } = settings.values;
  const { variable, words, value } = said;
  const field = environmentField(said.name, variable, said.list);
  if (value === undefined) {
    return settings.origins.role === 'statefulset'
      ? noObservations
      : [
          {
            field,
            message: `${variable} comes from elsewhere and cannot be read here; wanted the role on the StatefulSet. Write postgres.io/role: standby, or postgres.io/role: auto.`,
          },
        ];
  }
  if (value === words.standby) {
    return role === 'standby'
      ? noObservations
      : [
          {
            field,
            message: `${variable} is ${quoted(value)}, and postgres.io/role ${quoted(role)} makes a primary here; wanted both to say the same. Write postgres.io/role: standby and postgres.io/primary: <host>:5432.`,
          },
        ];
  }
  if (value === words.primary) {
    return role === 'standby'
      ? [
          {
            field,
            message: `${variable} is ${quoted(value)}, and postgres.io/role is "standby"; wanted both to say the same. Write ${variable}: ${quoted(words.standby)}, or remove it.`,
          },
        ]
      : noObservations;
  }
  return [
    {
      field,
      message: `${variable} is ${quoted(value)}; wanted ${quoted(words.standby)} or ${quoted(words.primary)}, exactly. Write one of them, or remove it.`,
    },
  ];
}
