/**
 * Keys of a Secret that holds a login for replication: name, then password. The first two of which one is there are read, and both have to be.
 * Besides pgusher's own those that people have: of a guide to streaming replication in Kubernetes, and of Crunchy's postgres images.
 */
export const replicationLoginKeys = [
  ['username', 'password'],
  ['REPLICATION_USER', 'REPLICATION_PASSWORD'],
  ['PG_MASTER_USER', 'PG_MASTER_PASSWORD'],
] as const;

/** Those that count in a Secret with these keys. */
export function replicationLoginIn(keys: readonly string[]): (typeof replicationLoginKeys)[number] {
  return replicationLoginKeys.find((pair) => pair.some((key) => keys.includes(key))) ?? replicationLoginKeys[0];
}
