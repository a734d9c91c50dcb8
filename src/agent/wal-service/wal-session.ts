import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentContract, StoreContract } from '../contract.ts';
import { parseControlFile } from '../decision/control-file.ts';
import { isMountPoint } from '../decision/mount-point.ts';
import type { Lineage } from '../restore/lineage.ts';
import { lineageOfData, newestTimeline } from '../restore/lineage.ts';
import type { WalPlace } from '../restore/segment-file.ts';
import { readStoreWal } from '../restore/store-wal.ts';
import type { WalAnswer } from '../restore/wal-route.ts';
import { walAnswer } from '../restore/wal-route.ts';
import { readIdentity } from '../store/identity.ts';
import { storeRoot } from '../store/layout.ts';
import { readHistory, readOwnHistory } from '../store/timeline-history.ts';
import type { WalInventory } from '../store/wal-inventory.ts';

/** What the store says about PGDATA's WAL, as of one look at it. */
export interface WalSession {
  readonly place: WalPlace;
  readonly dataDirectory: string;
  readonly wal: WalInventory;
  readonly lineage: Lineage;
}

/** Whose WAL is wanted. */
export interface WalQuestion {
  readonly store: StoreContract;
  /** Null: whoever's; it is another set's, which a standby follows. */
  readonly owner: { readonly namespace: string; readonly set: string } | null;
  readonly dataDirectory: string;
}

/** The set's own store. @throws where it has none. */
export function ownStore({
  store,
  namespace,
  set,
  dataDirectory,
}: Pick<AgentContract, 'store' | 'namespace' | 'set' | 'dataDirectory'>): WalQuestion {
  if (store === null) {
    throw new Error('no store is configured (postgres.io/backup-claim)');
  }
  return { store, owner: { namespace, set }, dataDirectory };
}

/** The data is of another database than the store: that never changes by waiting. */
export class OtherSystem extends Error {
  override readonly name = 'OtherSystem';
}

/**
 * Looks at PGDATA and at the store. Everything that makes an answer a proof is checked here: something is mounted, the
 * identity can be read, is that of the owner and names the system that PGDATA is of.
 * @throws with the reason, for the server's log.
 */
export async function openWalSession(question: WalQuestion, mustBeMount: boolean): Promise<WalSession> {
  const { store, owner, dataDirectory } = question;
  const control = parseControlFile(await readFile(join(dataDirectory, 'global', 'pg_control')));
  if (mustBeMount && !(await isMountPoint(store.mount))) {
    throw new Error(`nothing is mounted at ${store.mount}`);
  }
  const root = storeRoot(store);
  const reading = await readIdentity(root);
  if (reading.kind !== 'present') {
    throw new Error(reading.kind === 'absent' ? `${root} has no identity: is it the right volume?` : reading.reason);
  }
  const { identity } = reading;
  if (owner !== null && (identity.namespace !== owner.namespace || identity.set !== owner.set)) {
    throw new Error(`${root} belongs to ${identity.namespace}/${identity.set}`);
  }
  if (identity.systemId !== control.systemId) {
    throw new OtherSystem(
      `${root} belongs to system ${identity.systemId ?? 'unknown'}, PGDATA is of ${control.systemId}`,
    );
  }
  const place: WalPlace = { root, systemId: control.systemId, segmentSize: control.segmentSize };
  const wal = await readStoreWal(place);
  return { place, dataDirectory, wal, lineage: await lineageOfData(place, wal, dataDirectory, control.timeline) };
}

/** Segment or timeline history, as recovery names it. */
export type FileAnswer = WalAnswer | { readonly kind: 'history'; readonly text: string };

/** @throws where the name is none that recovery asks for, or the store contradicts itself. */
export async function answerFor(session: WalSession, name: string): Promise<FileAnswer> {
  const history = /^([0-9A-F]{8})\.history$/.exec(name)?.[1];
  return history === undefined
    ? walAnswer(session.wal, session.lineage, name, session.place.segmentSize)
    : historyAnswer(session, Number.parseInt(history, 16));
}

/**
 * A history file that wrongly "is not there" ends the lineage early or makes the server choose a timeline that exists
 * already, so that it counts as missing only where the store knows of no such timeline and of none behind it.
 */
async function historyAnswer(session: WalSession, timeline: number): Promise<FileAnswer> {
  const { place, wal, dataDirectory } = session;
  const newest = newestTimeline(wal, []);
  const text = await readHistory(place.root, place.systemId, timeline);
  if (text !== undefined) {
    return { kind: 'history', text };
  }
  if (timeline > 1 && timeline <= newest) {
    const own = await readOwnHistory(dataDirectory, timeline);
    if (own !== undefined) {
      return { kind: 'history', text: own };
    }
    throw new Error(`the history file of timeline ${timeline} is missing in the store, which holds timeline ${newest}`);
  }
  return { kind: 'end' };
}
