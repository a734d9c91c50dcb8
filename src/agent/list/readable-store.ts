import type { BaseBackups } from '../store/base-backups.ts';
import type { IdentityReading } from '../store/identity.ts';
import type { WalInventory } from '../store/wal-inventory.ts';

/** What is asked of a store to say what could be restored from it, wherever it is. Everything throws where the answer is not known. */
export interface ReadableStore {
  /** For messages. */
  readonly name: string;
  /** A question for who finds nothing there. */
  readonly whereElse: string;
  identity(): Promise<IdentityReading>;
  baseBackups(systemId: string): Promise<BaseBackups>;
  wal(systemId: string, segmentSize: number): Promise<WalInventory>;
  /** Undefined where there is none. */
  history(systemId: string, timeline: number): Promise<string | undefined>;
}
