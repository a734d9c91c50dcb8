import type { AgentContext } from '../backup/session.ts';
import { messageOf } from '../backup/status-report.ts';
import { readIdentity } from '../store/identity.ts';
import { bringTail } from './bring-tail.ts';
import { folderOfSet, setPlace } from './set-place.ts';

const patienceMs = 30_000;

/**
 * Before anything is received into a spool that is new: it goes on as the store that the off-site copy is of. Until that answered nothing is
 * received, and the server keeps its WAL in the slot, which stands where the copy ends (backup/advance-slot.ts): a store of its own would be
 * refused there for ever.
 * @returns what keeps it from going on, for a person; null: nothing does.
 */
export async function continueSpool(
  { contract, edges }: AgentContext,
  root: string,
  facts: { readonly systemId: string; readonly segmentSize: number },
): Promise<string | null> {
  const { offsite } = contract;
  if (offsite?.spool === undefined || (await readIdentity(root)).kind !== 'absent') {
    return null;
  }
  try {
    const place = await edges.openPlace(offsite.address, edges.environment);
    try {
      const own = setPlace(place, folderOfSet(contract), () => undefined);
      const tail = await bringTail({
        place: own,
        owner: contract,
        root,
        limit: offsite.spool,
        systemId: facts.systemId,
        segmentSize: facts.segmentSize,
        from: null,
        whole: false,
        patienceMs,
        log: edges.log,
      });
      switch (tail.kind) {
        case 'brought':
        case 'nothing':
          return null;
        case 'not-ours':
          return tail.reason;
        case 'unanswered':
          return `${unread(own.name)}: ${tail.reason}. ${meanwhile}`;
      }
    } finally {
      place.close();
    }
  } catch (error) {
    return `${unread(offsite.address)}: ${messageOf(error)}. ${meanwhile}`;
  }
}

const meanwhile = 'Until it was, the server keeps its WAL, up to max_slot_wal_keep_size';

function unread(name: string): string {
  return `the off-site copy ${name} could not be read yet`;
}
