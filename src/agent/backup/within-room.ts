import { formatBytes, readFreeSpace, roomIn } from '../store/free-space.ts';
import type { Session } from './session.ts';

const everyMs = 500;
/** What may come between two looks, and WAL that is received meanwhile. */
const least = 0.05;

/**
 * Ends a base backup that fills the spool before the kubelet ends the pod for it (an emptyDir over its limit). How large one becomes is known
 * when it is made. With a claim nothing is looked at: there a full disk is an error of the write.
 */
export async function withinRoom<Value>(
  { spool, root, stopping }: Pick<Session, 'spool' | 'root' | 'stopping'>,
  work: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  if (spool === null) {
    return work(stopping);
  }
  const full = new AbortController();
  const look = async (): Promise<void> => {
    const { free } = await readFreeSpace(root, spool);
    if (free < spool * least) {
      full.abort();
    }
  };
  const timer = setInterval(() => void look().catch(() => undefined), everyMs);
  try {
    return await work(AbortSignal.any([stopping, full.signal]));
  } catch (error) {
    throw full.signal.aborted
      ? new Error(
          `the base backup was given up: it does not fit in the spool, which has room for ${formatBytes(roomIn(spool))}. Wanted: room for the whole of it, compressed; write postgres.io/backup-spool: <size>`,
          { cause: error },
        )
      : error;
  } finally {
    clearInterval(timer);
  }
}
