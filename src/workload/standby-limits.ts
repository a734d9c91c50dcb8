/** What a standby, and any server in recovery, needs as much of as its primary has (PostgreSQL manual 26.4.1), with the defaults, the same since 12. */
export const standbyLimits: Readonly<Record<string, number>> = {
  max_connections: 100,
  max_worker_processes: 8,
  max_wal_senders: 10,
  max_prepared_transactions: 0,
  max_locks_per_transaction: 64,
};
