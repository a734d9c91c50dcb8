import { backupsIn, walIn } from '../offsite/bucket-inventory.ts';
import { readStoreWal } from '../restore/store-wal.ts';
import { sortByPosition } from '../store/backup-order.ts';
import { readBaseBackups } from '../store/base-backups.ts';
import type { BaseBackupRecord } from '../store/layout.ts';
import type { WalInventory } from '../store/wal-inventory.ts';
import type { Session } from './session.ts';

/** What there is of a database, wherever it lies. */
export interface Stored {
  /** Complete ones, oldest first. */
  readonly backups: readonly BaseBackupRecord[];
  readonly wal: WalInventory;
}

type Question = Pick<Session, 'root' | 'spool' | 'facts' | 'live'>;

/** What a restore would begin with: the claim, or where a spool is in its place the off-site copy alone. Undefined: it was not looked at yet. */
export async function restorable(question: Question): Promise<Stored | undefined> {
  const { spool, facts, live } = question;
  if (spool === null) {
    return here(question);
  }
  return live.copied === null
    ? undefined
    : {
        backups: backupsIn(live.copied, facts.systemId).complete,
        wal: walIn(live.copied.files.keys(), facts.systemId),
      };
}

/** The same, with what is still on its way there. */
export async function known(question: Question): Promise<Stored | undefined> {
  const there = await restorable(question);
  return there === undefined || question.spool === null ? there : union(there, await here(question));
}

async function here({ root, facts }: Question): Promise<Stored> {
  const { systemId, segmentSize } = facts;
  const [{ complete }, wal] = await Promise.all([
    readBaseBackups(root, systemId),
    readStoreWal({ root, systemId, segmentSize }),
  ]);
  return { backups: complete, wal };
}

function union(one: Stored, other: Stored): Stored {
  const ids = new Set(other.backups.map(({ id }) => id));
  return {
    backups: sortByPosition([...other.backups, ...one.backups.filter(({ id }) => !ids.has(id))]),
    wal: {
      segments: joined(one.wal.segments, other.wal.segments),
      partial: joined(one.wal.partial, other.wal.partial),
      histories: new Set([...one.wal.histories, ...other.wal.histories]),
    },
  };
}

function joined(one: WalInventory['segments'], other: WalInventory['segments']): WalInventory['segments'] {
  return new Map(
    [...new Set([...one.keys(), ...other.keys()])].map((timeline) => [
      timeline,
      new Set([...(one.get(timeline) ?? []), ...(other.get(timeline) ?? [])]),
    ]),
  );
}
