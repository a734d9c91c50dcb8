/** What a standby, and any server in recovery, needs as much of as its primary has (PostgreSQL manual 26.4.1), with the defaults, the same since 12. */
export const standbyLimits: Readonly<Record<string, number>> = {
  max_connections: 100,
  max_worker_processes: 8,
  max_wal_senders: 10,
  max_prepared_transactions: 0,
  max_locks_per_transaction: 64,
};

/** The same by major: 19 has twice the locks by default (release notes of 19, "Migration"). An unknown major counts as an older one. */
export function standbyLimitDefault(name: string, major: number | undefined): number {
  return name === 'max_locks_per_transaction' && major !== undefined && major >= 19 ? 128 : (standbyLimits[name] ?? 0);
}
