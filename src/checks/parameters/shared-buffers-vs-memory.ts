import type { ServerContainer, ServerParameter } from '../../workload/postgres-workload.ts';
import { noObservations, runsAlready } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { parameterField } from '../field-path.ts';
import { memoryParameter, shownMemory } from './parameter-value.ts';
import { quoted } from '../shown-text.ts';

/** PostgreSQL manual 19.4.1: it is unlikely that more than 40 % of memory works better than less. */
const mostShare = 0.4;

/** Less than any server is run with on purpose, so that a bare number was meant as megabytes. */
const leastMeant = 16 * 2 ** 20;

/**
 * Fields: shared_buffers in command and args of the Postgres container and in postgres.io/parameters, against
 * resources.limits.memory of the container and of its pod.
 * Allowed: up to 40 % of the limit; any size without a limit; a number with a unit.
 */
export const sharedBuffersVsMemory: Check = {
  id: 'shared-buffers-vs-memory',
  severity: 'warn',
  summary: 'shared_buffers does not fit the memory of the container.',
  because:
    'The kernel kills the server when buffers, sessions and page cache pass the limit: each time a crash recovery, and with as much as the limit it never stays up. A number without unit counts pages of 8 kB.',
  instead: 'A quarter of the memory limit, with a unit, such as 1GB.',
  examine({ server }, surroundings) {
    const parameter = server?.parameters.get('shared_buffers');
    if (server === undefined || parameter === undefined) return noObservations;
    const value = memoryParameter(server, 'shared_buffers');
    if (value === undefined) return noObservations;
    if (!value.hasUnit && value.bytes < leastMeant) return [withoutUnit(server, parameter, value.bytes)];
    const limit = server.resources.memoryLimit;
    return limit === undefined || value.bytes <= mostShare * limit
      ? noObservations
      : [tooLarge(server, parameter, { bytes: value.bytes, limit, stands: runsAlready(surroundings) })];
  },
};

function withoutUnit(server: ServerContainer, parameter: ServerParameter, bytes: number): Observation {
  const { value } = parameter;
  return {
    field: parameterField(server, parameter),
    message: `shared_buffers is ${quoted(value)}, pages of 8 kB, so ${shownMemory(bytes)}; wanted a unit. Write shared_buffers=${bytes / 8192}MB.`,
  };
}

interface TooLarge {
  readonly bytes: number;
  readonly limit: number;
  /** It stays up as it is. */
  readonly stands: boolean;
}

function tooLarge(
  server: ServerContainer,
  parameter: ServerParameter,
  { bytes, limit, stands }: TooLarge,
): Observation {
  const share = Math.round((bytes / limit) * 100);
  return {
    field: parameterField(server, parameter),
    message: `shared_buffers is ${shownMemory(bytes)}, ${share} % of the memory limit; wanted 40 % at most. Write shared_buffers=${Math.max(1, Math.floor(limit / 4 / 2 ** 20))}MB, or raise the limit.`,
    // Nothing is left for anything else: it is killed before it serves.
    ...(bytes >= limit && !stands ? { severity: 'deny' } : {}),
  };
}
