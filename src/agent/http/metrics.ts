import { Counter, Gauge, Registry } from '@prometheus-io/client';
import { reasonsUnprotected, slotStatuses } from '../backup/agent-status.ts';
import type { AgentStatus } from '../backup/agent-status.ts';
import { overdueSince } from '../backup/overdue.ts';
import { archiveLagSeconds } from '../standby/archive-standing.ts';
import { offsiteLagSeconds } from '../offsite/offsite-status.ts';

/**
 * The figures at the moment they are asked for. A set that never had a backup shows explicit zeros and `protected 0`,
 * because an alert on a metric that is not there never fires.
 */
export function createMetrics(status: AgentStatus, now: () => Date): Registry {
  const registry = new Registry();
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name: `pgusher_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  };
  const seconds = (time: Date | null | undefined): number =>
    time === null || time === undefined ? 0 : time.getTime() / 1000;
  const { receiver, store, backups } = status;
  const newest = (): AgentStatus['backups']['complete'][number] | undefined => backups.complete.at(-1);

  gauge('protected', '1 where everything up to a second ago could be restored now, 0 otherwise.', () =>
    reasonsUnprotected(status).length === 0 ? 1 : 0,
  );
  gauge(
    'restore_possible',
    '1 where a restore of the newest state would be carried out now; 0: it would be refused, the status page says why.',
    () => (status.restoreRefused === null ? 1 : 0),
  );
  gauge('server_primary', '1 while the server takes writes; 0 also where it is not known.', () =>
    status.server.kind === 'primary' ? 1 : 0,
  );
  gauge('server_in_recovery', '1 while the server is a standby, or replays what it was restored from.', () =>
    status.server.kind === 'recovering' || status.standby !== null ? 1 : 0,
  );
  gauge('backup_wanted', '0 where backups are off; 1 also where there is nowhere to put them.', () =>
    status.backupOff ? 0 : 1,
  );
  gauge(
    'server_standby',
    '1 while the server is to stream from a primary, 0 otherwise; not while it replays a restore.',
    () => (status.standby === null ? 0 : 1),
  );
  gauge('standby_streaming', '1 while this standby streams from its primary, 0 otherwise; 0 on a primary.', () =>
    status.standby?.streaming === true ? 1 : 0,
  );
  gauge('slot_retained_bytes', 'WAL that the server keeps for the slot of the backup.', () => receiver.retainedBytes);
  gauge(
    'slot_limit_bytes',
    'The most WAL that the server keeps for one slot (max_slot_wal_keep_size); 0: no limit.',
    () => status.slotLimitBytes ?? 0,
  );
  gauge('recoverable_from_timestamp_seconds', 'Start of the window that can be restored to; 0: nothing can.', () =>
    seconds(backups.complete[0]?.finishedAt),
  );
  gauge('recoverable_to_timestamp_seconds', 'End of the window that can be restored to; 0: nothing can.', () =>
    newest() === undefined
      ? 0
      : Math.max(seconds(receiver.flushedThrough), ...backups.complete.map((backup) => seconds(backup.finishedAt))),
  );
  gauge('base_backups', 'Complete base backups in the store.', () => backups.complete.length);
  gauge('last_base_backup_timestamp_seconds', 'When the newest base backup was complete; 0: never.', () =>
    seconds(newest()?.finishedAt),
  );
  gauge('last_base_backup_bytes', 'Stored size of the newest base backup.', () => newest()?.storedSize ?? 0);
  gauge(
    'base_backup_overdue_seconds',
    'How long the schedule has waited for a base backup, from an hour on; else 0.',
    () => {
      const since = overdueSince(backups, now());
      return since === null ? 0 : (now().getTime() - since.getTime()) / 1000;
    },
  );
  gauge('base_backup_running', '1 while a base backup is being made.', () => (backups.running ? 1 : 0));
  gauge(
    'last_wal_flushed_timestamp_seconds',
    'All WAL that the server had at this time is in the store; 0: never.',
    () => seconds(receiver.flushedThrough),
  );
  gauge('wal_receiver_streaming', '1 while WAL is being received.', () => (receiver.streaming ? 1 : 0));
  gauge('wal_lag_bytes', 'WAL that the server has flushed and the store has not.', () => receiver.lagBytes);
  gauge('wal_lag_seconds', 'How long ago the store had everything.', () => receiver.lagSeconds);
  gauge('wal_gap_total', 'Times that WAL was removed from the server before it was received.', () => receiver.gaps);
  gauge('wal_segments_moved_total', 'Segments compressed since the agent started.', () => receiver.segmentsMoved);
  gauge('last_verification_timestamp_seconds', 'When a base backup was last checked; 0: never.', () =>
    seconds(backups.lastVerification?.at),
  );
  gauge('last_verification_success', '1 where the last check found nothing wrong; 0 also where there was none.', () =>
    backups.lastVerification?.ok === true ? 1 : 0,
  );
  gauge('store_bytes_free', 'Bytes that may still be written to the store.', () => store.free);
  gauge('store_bytes_total', 'Size of the store.', () => store.total);
  gauge('last_failure_timestamp_seconds', 'When something last went wrong; 0: never.', () =>
    seconds(status.lastFailure?.at),
  );
  const { dumps } = status;
  gauge('dump_wanted', '1 where there is a schedule for dumps.', () => (dumps.wanted ? 1 : 0));
  gauge('dump_count', 'Dumps in the store.', () => dumps.complete.length);
  gauge('dump_running', '1 while a dump is being made.', () => (dumps.running ? 1 : 0));
  gauge('dump_last_timestamp_seconds', 'When the newest dump was complete; 0: never.', () =>
    seconds(dumps.complete.at(-1)?.finishedAt),
  );
  gauge('dump_last_bytes', 'Stored size of the newest dump.', () => dumps.complete.at(-1)?.storedSize ?? 0);
  gauge(
    'dump_last_failures',
    'Databases that are not in the newest dump although they should be, and its roles.',
    () => dumps.complete.at(-1)?.failures ?? 0,
  );
  gauge('dump_overdue_seconds', 'How long the schedule has waited for a dump, from an hour on; else 0.', () => {
    const since = overdueSince(dumps, now());
    return since === null ? 0 : (now().getTime() - since.getTime()) / 1000;
  });
  gauge('offsite_wanted', '1 where an off-site copy is asked for.', () => (status.offsite === null ? 0 : 1));
  gauge('offsite_ours', '1 where the off-site copy answered and is proven to be of this store.', () =>
    status.offsite?.ours === true ? 1 : 0,
  );
  gauge('offsite_base_backups', 'Complete base backups in the off-site copy.', () => status.offsite?.baseBackups ?? 0);
  gauge('offsite_last_push_timestamp_seconds', 'When something was last stored off-site; 0: never.', () =>
    seconds(status.offsite?.lastPushAt),
  );
  gauge(
    'offsite_lag_bytes',
    'WAL that the claim has and the off-site copy has not.',
    () => status.offsite?.lagBytes ?? 0,
  );
  gauge('offsite_lag_seconds', 'How long ago the off-site copy had all WAL of the claim; 0: it has now.', () =>
    status.offsite === null ? 0 : offsiteLagSeconds(status.offsite, status.startedAt, now()),
  );
  gauge('offsite_last_wal_timestamp_seconds', 'All WAL that the server had at this time is off-site; 0: never.', () =>
    seconds(status.offsite?.completeThrough),
  );
  new Counter({
    name: 'pgusher_offsite_requests_total',
    help: 'Requests to the place of the off-site copy, by what was asked and what came of it.',
    labelNames: ['operation', 'outcome'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { operation, outcome, count } of status.offsite?.requests.values() ?? []) {
        this.inc({ operation, outcome }, count);
      }
    },
  });
  new Gauge({
    name: 'pgusher_slot_status',
    help: 'Status of the replication slot: 1 for the one that holds.',
    labelNames: ['status'],
    registers: [registry],
    collect() {
      for (const known of slotStatuses) {
        this.set({ status: known }, known === receiver.slot ? 1 : 0);
      }
    },
  });
  gauge('synchronous_wanted', 'Standbys of the set that each commit waits for; 0: none.', () =>
    status.synchronous?.waits === true ? status.synchronous.wanted : 0,
  );
  gauge(
    'synchronous_streaming',
    'Standbys of the set that stream, where commits are to wait for some; fewer than synchronous_wanted: every commit waits.',
    () => status.synchronous?.streaming.length ?? 0,
  );
  gauge('archive_followed', "1 while this server is a standby that follows another set's backups.", () =>
    status.archive === null ? 0 : 1,
  );
  gauge(
    'archive_lag_seconds',
    "How long ago a standby that follows another set's backups had all that was committed there; a few seconds, idle or not. 0: it is none.",
    () => (status.archive === null ? 0 : archiveLagSeconds(status.archive, status.startedAt, now())),
  );
  gauge(
    'archive_replayed_through_timestamp_seconds',
    'All that was committed at this time in the set whose backups are followed is on this server; 0: not known.',
    () => seconds(status.archive?.completeThrough),
  );
  gauge(
    'archive_store_through_timestamp_seconds',
    'All that was committed at this time in the set whose backups are followed is in these; 0: not known.',
    () => seconds(status.archive?.storeThrough),
  );
  new Gauge({
    name: 'pgusher_standby_slot_used',
    help: '1 where a standby is connected to its slot, 0 where none is.',
    labelNames: ['slot'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name, unusedSince } of status.standbySlots) {
        this.set({ slot: name }, unusedSince === null ? 1 : 0);
      }
    },
  });
  new Gauge({
    name: 'pgusher_standby_slot_lost',
    help: '1 where the server gave up on the slot of a standby, which follows no more; 0 otherwise.',
    labelNames: ['slot'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name, lost } of status.standbySlots) {
        this.set({ slot: name }, lost === null ? 0 : 1);
      }
    },
  });
  new Gauge({
    name: 'pgusher_standby_slot_retained_bytes',
    help: 'WAL that the server keeps for the slot of a standby.',
    labelNames: ['slot'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name, retainedBytes } of status.standbySlots) {
        this.set({ slot: name }, retainedBytes);
      }
    },
  });
  new Gauge({
    name: 'pgusher_failure',
    help: '1 for each kind of trouble that is not over; the words are on the status page and in the log.',
    labelNames: ['kind'],
    registers: [registry],
    collect() {
      this.reset();
      for (const kind of status.failures.keys()) {
        this.set({ kind }, 1);
      }
    },
  });
  return registry;
}
