import type { PostgresWorkload } from '../../workload/postgres-workload.ts';

/**
 * What to write in place of a copy of another server that is made by hand; undefined: `tool` makes none. Who only took it out would get a
 * second, empty primary where a standby was meant.
 */
export function insteadOfCopying(tool: string, { settings }: PostgresWorkload): string | undefined {
  if (!/^pg_(basebackup|rewind)$/.test(tool)) return undefined;
  const { role, replicationSecret } = settings.values;
  if (role === 'standby') return 'Remove it: standbys are copied before their first start.';
  return replicationSecret === undefined
    ? 'Remove it, and write postgres.io/replication-secret; of a set that follows another one, postgres.io/role: standby and postgres.io/primary as well.'
    : 'Remove it: standbys of this set are copied. Of a set that follows another one, write postgres.io/role: standby and postgres.io/primary.';
}
