import type { ServerContainer } from '../../workload/postgres-workload.ts';

/** PostgreSQL's units of memory (manual 19.1.1), case as there. */
const factors: Readonly<Record<string, number>> = { B: 1, kB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 };

/** What a bare number of these parameters counts (pg_settings.unit). */
const bareUnits = { shared_buffers: 8192, max_wal_size: 2 ** 20, work_mem: 1024 } as const;

/** PostgreSQL's own value of shared_buffers, in bytes. */
export const defaultSharedBuffers = 128 * 2 ** 20;

export type MemoryParameter = keyof typeof bareUnits;

export interface MemoryValue {
  readonly bytes: number;
  readonly hasUnit: boolean;
}

/** What the object says of the parameter; undefined where it says nothing, or nothing that PostgreSQL could read. */
export function memoryParameter(server: ServerContainer, name: MemoryParameter): MemoryValue | undefined {
  const match = /^\s*([0-9]+(?:\.[0-9]+)?)\s*([a-zA-Z]*)\s*$/.exec(server.parameters.get(name)?.value ?? '');
  const [, digits = '', unit = ''] = match ?? [];
  const factor = unit === '' ? bareUnits[name] : factors[unit];
  if (match === null || factor === undefined) return undefined;
  return { bytes: Number(digits) * factor, hasUnit: unit !== '' };
}

/** A parameter that is a whole number; undefined where the object does not say it. */
export function countParameter(server: ServerContainer, name: string): number | undefined {
  const text = server.parameters.get(name)?.value.trim() ?? '';
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
}

/** For a person: `1.5 GB`, in steps of 1024 as PostgreSQL counts. */
export function shownMemory(bytes: number): string {
  const [unit, factor] = Object.entries(factors).findLast(([, size]) => bytes >= size) ?? ['B', 1];
  return `${Math.round((bytes / factor) * 10) / 10} ${unit}`;
}
