/** The server's words for why it gave up on a slot (pg_replication_slots.invalidation_reason), as a person wants them. */
const reasons: Readonly<Record<string, string>> = {
  wal_removed: 'it was behind by more than max_slot_wal_keep_size',
  idle_timeout: 'nobody used it for idle_replication_slot_timeout',
};

/**
 * What the log and the page of the primary say of a standby's slot that is lost. The server never takes it up again; up to version 17 a
 * standby may go on for a while with WAL that happens to be there, from 18 on it is turned away at once.
 */
export function lostSlot(name: string, reason: string): string {
  return `the standby of slot ${name} does not follow any more: the server gave up on the slot (${reasons[reason] ?? reason}), and never takes it up again. On the primary: SELECT pg_drop_replication_slot('${name}'); then delete the standby's pod, and where its WAL is gone its data claim too, so that it is copied anew`;
}
