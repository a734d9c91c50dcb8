/**
 * How far behind the store is, in time: the server's position is noted whenever it is asked, and everything that was
 * flushed at the newest noted position which the store has reached was in the store from then on.
 */
export interface WalProgress {
  note(serverLsn: bigint, at: Date): void;
  /** The time up to which the store has everything; null where that is not known yet. */
  reached(flushedLsn: bigint): Date | null;
}

/** 500 ms apart, this is ten minutes of falling behind; older than that the oldest note is a lower bound. */
const notesKept = 1200;

export function createWalProgress(): WalProgress {
  const notes: { lsn: bigint; at: Date }[] = [];
  let through: Date | null = null;
  return {
    note: (lsn, at) => {
      notes.push({ lsn, at });
      if (notes.length > notesKept) {
        notes.splice(1, 1);
      }
    },
    reached: (flushed) => {
      let first = notes[0];
      while (first !== undefined && first.lsn <= flushed) {
        through = first.at;
        notes.shift();
        first = notes[0];
      }
      return through;
    },
  };
}
