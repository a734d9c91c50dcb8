import { formatLsn, parseLsn } from '../store/wal-name.ts';
import { pause } from './pause.ts';
import { healthySlot } from './receiver-plan.ts';
import type { Session } from './session.ts';
import { readSlot, slotName } from './slot.ts';

/**
 * With a spool the slot stands where the off-site copy ends, and not where the receiver is: what was received and not yet sent is gone with the
 * pod, and the server must have it still. pg_receivewal is started without the slot then, which it would move by each flush.
 * PostgreSQL keeps the new place in memory until its next checkpoint: after a crash the slot may be further back, never further on.
 */
export async function keepAdvancingSlot(session: Session): Promise<void> {
  const { connection, status, facts } = session;
  while (!session.stopping.aborted) {
    try {
      const sent = status.offsite?.sent ?? null;
      const slot = await readSlot(connection);
      if (status.receiver.streaming && (slot === undefined || slot.walStatus === 'lost')) {
        // Nothing is missing: what the server had to let go of was received, as long as the spool is there.
        session.edges.log.warn('the slot was lost, since the off-site copy is behind: a new one keeps WAL from now on');
        await healthySlot(connection);
      } else if (
        sent?.timeline === facts.timeline &&
        slot?.restartLsn !== null &&
        slot?.restartLsn !== undefined &&
        slot.walStatus !== 'lost' &&
        sent.lsn > parseLsn(slot.restartLsn)
      ) {
        await connection.query(
          `SELECT pg_catalog.pg_replication_slot_advance('${slotName}', '${formatLsn(sent.lsn)}'::pg_lsn)`,
        );
      }
    } catch (error) {
      session.failed('receiver', error);
    }
    await pause(1000, session.stopping);
  }
}
