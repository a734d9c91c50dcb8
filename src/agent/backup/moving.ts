import { readFreeSpace } from '../store/free-space.ts';
import { storeRoot } from '../store/layout.ts';
import { moveFinishedWal } from './mover.ts';
import { backOff, pause } from './pause.ts';
import type { AgentContext } from './session.ts';
import { messageOf } from './status-report.ts';

/**
 * Moves finished WAL for as long as sessions last, and once more after the last one: a server that stopped leaves its
 * last segments there. Independent of the server: WAL that was received is compressed also while there is none.
 */
export async function keepMoving(context: AgentContext, sessionsOver: AbortSignal): Promise<void> {
  const { contract, status, report } = context;
  if (contract.store === null) {
    return;
  }
  const root = storeRoot(contract.store);
  for (let attempt = 0; ;) {
    const last = sessionsOver.aborted;
    const { system } = context;
    if (system !== null) {
      try {
        const result = await moveFinishedWal({
          root,
          systemId: system.systemId,
          segmentSize: system.segmentSize,
          compression: context.liveBackup.compression,
        });
        status.receiver.segmentsMoved += result.moved;
        const [refused] = result.refused;
        if (refused === undefined) {
          report.recovered('mover');
        } else {
          report.failed('mover', refused.reason);
        }
        const space = await readFreeSpace(root, contract.offsite?.spool ?? null);
        status.store.free = space.free;
        status.store.total = space.total;
        report.recovered('store');
        // What was refused is compared byte by byte each time: not four times a second.
        attempt = refused !== undefined && result.moved === 0 ? attempt + 1 : 0;
      } catch (error) {
        report.failed('store', messageOf(error));
        attempt += 1;
      }
    }
    if (last) {
      return;
    }
    await pause(attempt === 0 ? 250 : backOff(attempt - 1, 15), sessionsOver);
  }
}
