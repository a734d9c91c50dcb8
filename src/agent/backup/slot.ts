import type { ServerConnection } from '../server-connection/server-connection.ts';

export const slotName = 'pgusher';

export interface Slot {
  /** The oldest WAL that the server keeps for us; null where it keeps none (never reserved, or lost). */
  readonly restartLsn: string | null;
  /** `lost`: the server gave up on it (max_slot_wal_keep_size) and it will never work again. */
  readonly walStatus: string | null;
  readonly activePid: number | null;
}

export async function readSlot(connection: ServerConnection): Promise<Slot | undefined> {
  const [row] = await connection.query<{
    restart_lsn: string | null;
    wal_status: string | null;
    active_pid: number | null;
  }>(
    `SELECT restart_lsn::text, wal_status, active_pid FROM pg_catalog.pg_replication_slots WHERE slot_name = '${slotName}'`,
  );
  return row === undefined
    ? undefined
    : { restartLsn: row.restart_lsn, walStatus: row.wal_status, activePid: row.active_pid };
}

/** Reserves WAL at once, so that nothing between now and the receiver's start can be recycled. */
export async function createSlot(connection: ServerConnection): Promise<Slot> {
  const [row] = await connection.query<{ lsn: string }>(
    `SELECT lsn::text FROM pg_catalog.pg_create_physical_replication_slot('${slotName}', true)`,
  );
  return { restartLsn: row?.lsn ?? null, walStatus: 'reserved', activePid: null };
}

export async function dropSlot(connection: ServerConnection): Promise<void> {
  await connection.query(`SELECT pg_catalog.pg_drop_replication_slot('${slotName}')`);
}
