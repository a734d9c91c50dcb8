/**
 * The one number of max_wal_senders, for the check and for what the agent says. Counted on a server of 15 (test/postgres/wal-senders.test.ts):
 * the agent's own session, its receiver, and two of pg_basebackup (the files, and the WAL beside them); one of each standby. A standby that
 * is copied takes two: with backups they are those that a base backup has at other times.
 */
export function neededWalSenders(options: { readonly backup: boolean; readonly standbys: number }): number {
  const { backup, standbys } = options;
  if (backup) return 4 + standbys;
  return standbys === 0 ? 0 : standbys + 1;
}
