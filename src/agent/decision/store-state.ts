import { randomUUID } from 'node:crypto';
import { open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoreContract } from '../contract.ts';
import { readBaseBackups } from '../store/base-backups.ts';
import { namesIn } from '../store/stored-records.ts';
import { errorCode } from '../store/durable-file.ts';
import { readIdentity } from '../store/identity.ts';
import { storeNames, storeRoot } from '../store/layout.ts';
import type { BaseBackupRecord, StoreIdentity } from '../store/layout.ts';
import type { WalInventory } from '../store/wal-inventory.ts';
import { readWalInventory } from '../store/wal-inventory.ts';
import { isMountPoint } from './mount-point.ts';

/** What is known of a store, by positive evidence only: everything that was not proven is UNKNOWN. */
export type StoreState =
  /** No store is configured. */
  | { readonly kind: 'NONE' }
  | {
      readonly kind: 'BACKUPS';
      readonly identity: StoreIdentity;
      readonly systemId: string;
      /** Oldest first. */
      readonly backups: readonly BaseBackupRecord[];
      readonly wal: WalInventory;
      /** Why nothing can be written to it (read-only, full), which a restore does not need; null where it can. */
      readonly writeTrouble: string | null;
    }
  /** `identity`: this set's own claim, whose first start never got as far as a database; null: nobody's. */
  | { readonly kind: 'EMPTY'; readonly identity: StoreIdentity | null }
  /** This set's, with a system id or WAL and no complete backup. `wal` is null where the system id is not known. */
  | {
      readonly kind: 'CLAIMED';
      readonly identity: StoreIdentity;
      readonly systemId: string | null;
      readonly wal: WalInventory | null;
      readonly found: string;
    }
  | { readonly kind: 'OTHER'; readonly identity: StoreIdentity }
  | { readonly kind: 'UNKNOWN'; readonly reason: string };

export interface StoreQuestion {
  readonly store: StoreContract;
  /** Who must own the store; null: anybody (a clone's source). */
  readonly owner: { readonly namespace: string; readonly set: string } | null;
  /** False for a source that is mounted read-only: nothing is written, the identity alone is the evidence. */
  readonly writable: boolean;
  /** False only where the store is a plain directory named by hand (`--store`), never in a pod. */
  readonly mustBeMount: boolean;
}

export async function readStoreState(question: StoreQuestion): Promise<StoreState> {
  try {
    const { store, owner } = question;
    const mounted = await mountTrouble(question);
    if (mounted !== undefined) {
      return { kind: 'UNKNOWN', reason: mounted };
    }
    const trouble = question.writable ? await probeTrouble(await probePlace(store)) : undefined;
    if (trouble?.answered === false) {
      return { kind: 'UNKNOWN', reason: trouble.reason };
    }
    const root = storeRoot(store);
    const reading = await readIdentity(root);
    if (reading.kind === 'unreadable') {
      return { kind: 'UNKNOWN', reason: reading.reason };
    }
    const systems = (await namesIn(root)).filter((name) => /^\d+$/.test(name));
    if (reading.kind === 'absent') {
      return systems.length === 0
        ? unlessTrouble({ kind: 'EMPTY', identity: null }, trouble)
        : {
            kind: 'UNKNOWN',
            reason: `${root} holds backups of system ${systems.join(', ')} but no ${storeNames.identity}`,
          };
    }
    const { identity } = reading;
    if (owner !== null && (identity.namespace !== owner.namespace || identity.set !== owner.set)) {
      return { kind: 'OTHER', identity };
    }
    const contents = await readContents(root, identity, systems);
    return contents.kind === 'BACKUPS'
      ? { ...contents, writeTrouble: trouble?.reason ?? null }
      : unlessTrouble(contents, trouble);
  } catch (error) {
    return { kind: 'UNKNOWN', reason: error instanceof Error ? error.message : String(error) };
  }
}

async function readContents(root: string, identity: StoreIdentity, systems: readonly string[]): Promise<StoreState> {
  // A start that was killed between the first WAL and STORE.json leaves the folder as the only witness.
  const systemId = identity.systemId ?? (systems.length === 1 ? (systems[0] ?? null) : null);
  if (systemId === null) {
    return systems.length === 0
      ? { kind: 'EMPTY', identity }
      : {
          kind: 'UNKNOWN',
          reason: `${root} holds several systems (${systems.join(', ')}) and does not say which is its own`,
        };
  }
  const [backups, wal] = await Promise.all([readBaseBackups(root, systemId), readWalInventory(root, systemId)]);
  if (backups.complete.length > 0) {
    return { kind: 'BACKUPS', identity, systemId, backups: backups.complete, wal, writeTrouble: null };
  }
  const segments = [...wal.segments.values(), ...wal.partial.values()].reduce((sum, names) => sum + names.size, 0);
  const damaged = backups.damaged.map((backup) => `${backup.id} (${backup.reason})`).join(', ');
  const found = `system ${systemId}, ${segments} WAL segments${damaged === '' ? '' : `, damaged base backups: ${damaged}`}`;
  if (identity.systemId === null && segments === 0 && damaged === '') {
    return { kind: 'EMPTY', identity };
  }
  return { kind: 'CLAIMED', identity, systemId, wal, found };
}

async function mountTrouble(question: StoreQuestion): Promise<string | undefined> {
  const { mount } = question.store;
  try {
    if (!(await stat(mount)).isDirectory()) {
      return `${mount} is not a directory`;
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return `nothing is mounted at ${mount}: it is not there`;
    }
    throw error;
  }
  return question.mustBeMount && !(await isMountPoint(mount))
    ? `nothing is mounted at ${mount}: it is a plain directory of the container`
    : undefined;
}

/** The prefix where it is there: it is the server user's, the mount's root may be somebody else's. */
async function probePlace(store: StoreContract): Promise<string> {
  const root = storeRoot(store);
  try {
    return (await stat(root)).isDirectory() ? root : store.mount;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return store.mount;
    }
    throw error;
  }
}

/** Complete backups prove themselves. That there are none is only believed of a store that also takes what is written. */
function unlessTrouble(state: StoreState, trouble: WriteTrouble | undefined): StoreState {
  return trouble === undefined ? state : { kind: 'UNKNOWN', reason: trouble.reason };
}

interface WriteTrouble {
  readonly reason: string;
  /** The file system is there and said no: it is read-only, full, or not for this user. Anything else may be a dead server. */
  readonly answered: boolean;
}

const answers = ['EROFS', 'ENOSPC', 'EDQUOT', 'EACCES', 'EPERM'];

/** Writes, reads back and removes a file. What can be written and read is there; a dead NFS server is not. */
async function probeTrouble(directory: string): Promise<WriteTrouble | undefined> {
  const path = join(directory, `${storeNames.temporaryPrefix}probe-${randomUUID()}`);
  const text = randomUUID();
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    const back = await readFile(path, 'utf8');
    return back === text
      ? undefined
      : { reason: `${directory} gave back other bytes than were written to it`, answered: false };
  } catch (error) {
    const reason = `${directory} cannot be written: ${error instanceof Error ? error.message : String(error)}`;
    return { reason, answered: answers.includes(errorCode(error) ?? '') };
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
}
