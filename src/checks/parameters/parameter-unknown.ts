import { nearestName } from '../../workload/nearest-name.ts';
import { knownMajors, parameterNames, readOnlyParameters } from '../../workload/parameter-names.ts';
import type { ServerContainer, ServerParameter } from '../../workload/postgres-workload.ts';
import { noObservations, runsAlready } from '../check.ts';
import type { Check } from '../check.ts';
import { parameterField } from '../field-path.ts';
import { quoted, printable } from '../shown-text.ts';
import { isOff } from './unsafe-parameter.ts';

/**
 * Fields: the names of all parameters in command and args of the Postgres container, and in postgres.io/parameters.
 * Allowed: what the major of the image has and lets one set (workload/parameter-names.ts, asked of the servers themselves). A name
 * with a dot is of an extension, and any is taken. Nothing is said of majors that the table lacks, or where the image tells none.
 */
export const parameterUnknown: Check = {
  id: 'parameter-unknown',
  severity: 'deny',
  summary: 'A parameter is not one of this major version, or nobody can set it.',
  because:
    'The server does not start: "unrecognized configuration parameter", or "cannot be changed". After a change of the major it is the database that was running a minute ago.',
  instead: 'The name as this major has it; none that is gone.',
  examine({ server }, surroundings) {
    if (server?.major === undefined || server.parameters.size === 0 || !knownMajors.includes(server.major))
      return noObservations;
    const { major } = server;
    return [...server.parameters.values()].flatMap((parameter) => {
      const trouble = troubleOf(parameter, major);
      if (trouble === undefined) return [];
      return [
        {
          field: parameterField(server, parameter),
          message: trouble,
          // An image that nobody knows may be of a fork that has more.
          ...(runsAlready(surroundings) || isUnknown(server) ? { severity: 'warn' } : {}),
        },
      ];
    });
  },
};

function isUnknown({ family }: ServerContainer): boolean {
  return family.id === 'unknown';
}

function troubleOf({ name, value }: ServerParameter, major: number): string | undefined {
  if (name.includes('.') || /[$\x60]/.test(name)) return undefined;
  if (isOf(parameterNames, name, major)) return refusedValue(name, value, major);
  const shown = printable(name);
  if (isOf(readOnlyParameters, name, major))
    return `${shown} cannot be set on PostgreSQL ${major}, which only shows it; wanted none. Remove it.`;
  const others = majorsOf(parameterNames, name);
  if (others.length > 0)
    return `${shown} is no parameter of PostgreSQL ${major}; wanted one that it has. Remove it (${rangeOf(others)} ${others.length === 1 ? 'has' : 'have'} it).`;
  const nearest = nearestParameter(name, major);
  return nearest === undefined
    ? `${shown} is no parameter of PostgreSQL ${major}; wanted one that it has. Remove it.`
    : `${shown} is no parameter of PostgreSQL ${major}; wanted ${nearest}. Correct the name.`;
}

/** The one value of a known parameter that a later major takes no more: "non-standard string literals are not supported". */
function refusedValue(name: string, value: string, major: number): string | undefined {
  return name === 'standard_conforming_strings' && major >= 19 && isOff(value)
    ? `${name} is ${quoted(value)}, which PostgreSQL ${major} does not take; wanted on. Remove it.`
    : undefined;
}

function isOf(table: Readonly<Record<string, string>>, name: string, major: number): boolean {
  const majors = Object.hasOwn(table, name) ? table[name] : undefined;
  return majors !== undefined && (majors === 'all' || majors.split(' ').includes(String(major)));
}

function majorsOf(table: Readonly<Record<string, string>>, name: string): readonly number[] {
  const majors = Object.hasOwn(table, name) ? (table[name] ?? '') : '';
  return majors === '' ? [] : majors.split(' ').map(Number);
}

function rangeOf(majors: readonly number[]): string {
  const [first, last] = [majors[0], majors.at(-1)];
  return first === last ? String(first) : `${String(first)} to ${String(last)}`;
}

function nearestParameter(name: string, major: number): string | undefined {
  const names = Object.keys(parameterNames).filter((known) => isOf(parameterNames, known, major));
  return nearestName(
    name,
    names.map((known) => known.replaceAll('_', '-')),
  )?.replaceAll('-', '_');
}
