import type { ServerConnection } from '../server-connection/server-connection.ts';
import { formatBytes } from '../store/free-space.ts';
import type { StandbySlot } from './agent-status.ts';
import { pause } from './pause.ts';
import type { Session } from './session.ts';
import { slotName } from './slot.ts';
import { lostSlot } from './lost-slot.ts';
import { messageOf } from './status-report.ts';

/** A standby is away for less, as a rule: its pod restarts, or its node is drained. */
const unusedFor = 3_600_000;

/**
 * The slots that standbys of pgusher made here (restore/standby.ts), of this set or of another that follows it. A standby that was
 * scaled away leaves its own behind, and the server keeps WAL for it, up to max_slot_wal_keep_size or until the disk is full.
 * Whether one will come back is not to be seen from here, and a standby whose slot was dropped may never catch up: so it is
 * said, in the log, on the page and in the metrics, and dropped by a person.
 */
export async function keepLookingAtStandbys(session: Session): Promise<void> {
  const said = new Set<string>();
  while (!session.stopping.aborted) {
    try {
      const now = session.edges.now();
      const { standbys, ownBytes, limitBytes } = await readSlots(session.connection, session.status.standbySlots, now);
      session.status.standbySlots = standbys;
      session.status.slotLimitBytes = limitBytes;
      session.status.receiver.retainedBytes = ownBytes;
      for (const slot of standbys) {
        if (slot.lost !== null) {
          if (!said.has(`lost ${slot.name}`)) {
            said.add(`lost ${slot.name}`);
            session.edges.log.error({ slot: slot.name, lost: slot.lost }, lostSlot(slot.name, slot.lost));
          }
          continue;
        }
        said.delete(`lost ${slot.name}`);
        const isUnused = slot.unusedSince !== null && now.getTime() - slot.unusedSince.getTime() >= unusedFor;
        if (!isUnused) {
          said.delete(slot.name);
        } else if (!said.has(slot.name)) {
          said.add(slot.name);
          session.edges.log.warn({ slot: slot.name, retainedBytes: slot.retainedBytes }, unusedSlot(slot));
        }
      }
    } catch (error) {
      if (!session.over.aborted) {
        session.edges.log.warn(`the slots of standbys cannot be read: ${messageOf(error)}`);
      }
    }
    await pause(10_000, session.stopping);
  }
}

/** What the log and the status page say of one that nobody used for a while. */
export function unusedSlot({ name, retainedBytes, limitBytes }: StandbySlot): string {
  const limit =
    limitBytes === null
      ? 'and would do so until the disk is full, since max_slot_wal_keep_size is not set'
      : `at most ${formatBytes(limitBytes)} (max_slot_wal_keep_size)`;
  return `no standby uses slot ${name}, for which the server keeps ${formatBytes(retainedBytes)} of WAL, ${limit}. Where that standby is gone for good, on the primary: SELECT pg_drop_replication_slot('${name}')`;
}

interface Slots {
  readonly standbys: readonly StandbySlot[];
  /** What the server keeps for the slot of the backup. */
  readonly ownBytes: number;
  readonly limitBytes: number | null;
}

async function readSlots(connection: ServerConnection, before: readonly StandbySlot[], now: Date): Promise<Slots> {
  // Version 12 and older have neither the setting nor a limit, and those before 17 no reason.
  const rows = await connection.query<{
    name: string;
    active: boolean;
    retained: string | null;
    status: string | null;
    reason: string | null;
  }>(
    `SELECT slot_name AS name, active, wal_status AS status, pg_catalog.to_jsonb(s) ->> 'invalidation_reason' AS reason,
            pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), restart_lsn)::text AS retained
       FROM pg_catalog.pg_replication_slots AS s
      WHERE slot_type = 'physical' AND (slot_name = '${slotName}' OR slot_name LIKE 'pgusher\\_%') ORDER BY slot_name`,
  );
  // In megabytes; -1: no limit.
  const [limit] = await connection.query<{ most: string }>(
    `SELECT setting AS most FROM pg_catalog.pg_settings WHERE name = 'max_slot_wal_keep_size'`,
  );
  const limitBytes = limit === undefined || Number(limit.most) < 0 ? null : Number(limit.most) * 2 ** 20;
  const bytes = (retained: string | null | undefined): number => Math.max(0, Number(retained ?? 0));
  return {
    standbys: rows
      .filter(({ name }) => name !== slotName)
      .map(({ name, active, retained, status, reason }) => ({
        name,
        lost: status === 'lost' || reason !== null ? (reason ?? 'wal_removed') : null,
        unusedSince: active ? null : (before.find((slot) => slot.name === name)?.unusedSince ?? now),
        retainedBytes: bytes(retained),
        limitBytes,
      })),
    ownBytes: bytes(rows.find(({ name }) => name === slotName)?.retained),
    limitBytes,
  };
}
