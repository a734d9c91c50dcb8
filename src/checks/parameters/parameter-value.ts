import type { MemoryUnit } from '../../workload/server-number.ts';
import { readServerInteger, readServerMemory } from '../../workload/server-number.ts';
import type { ServerContainer } from '../../workload/postgres-workload.ts';

/** What a bare number of these parameters counts (pg_settings.unit). */
const bareUnits = { shared_buffers: '8kB', max_wal_size: 'MB', work_mem: 'kB' } as const satisfies Record<
  string,
  MemoryUnit
>;

/** PostgreSQL's own value of shared_buffers, in bytes. */
export const defaultSharedBuffers = 128 * 2 ** 20;

export type MemoryParameter = keyof typeof bareUnits;

export interface MemoryValue {
  readonly bytes: number;
  readonly hasUnit: boolean;
}

/** What the object says of the parameter; undefined where it says nothing, or nothing that PostgreSQL could read. */
export function memoryParameter(server: ServerContainer, name: MemoryParameter): MemoryValue | undefined {
  const text = server.parameters.get(name)?.value;
  return text === undefined ? undefined : readServerMemory(text, bareUnits[name]);
}

/** A parameter that is a whole number; undefined where the object does not say it, or nothing that PostgreSQL could read. */
export function countParameter(server: ServerContainer, name: string): number | undefined {
  const text = server.parameters.get(name)?.value;
  return text === undefined ? undefined : readServerInteger(text);
}

/** For display. */
const factors: Readonly<Record<string, number>> = { B: 1, kB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 };

/** For a person: `1.5 GB`, in steps of 1024 as PostgreSQL counts. */
export function shownMemory(bytes: number): string {
  const [unit, factor] = Object.entries(factors).findLast(([, size]) => bytes >= size) ?? ['B', 1];
  return `${Math.round((bytes / factor) * 10) / 10} ${unit}`;
}
