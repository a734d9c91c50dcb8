import type { AgentContract } from '../contract.ts';
import type { DataDirectoryState } from './data-directory-state.ts';
import type { Neighbour } from './neighbours.ts';
import { neighboursText } from './neighbours.ts';
import type { Role } from './pod-role.ts';
import type { StoreState } from './store-state.ts';
import type { RecoveryWay, WentBackJudgement } from './went-back.ts';

/** What happens next. `notes` are said in the log; `archive: false`: WAL of this server must not go into the store. */
export type Decision =
  | { readonly action: 'start'; readonly archive: boolean; readonly notes: readonly string[] }
  /** Where the role is standby: as one, which goes on replaying the WAL of `from`. */
  | {
      readonly action: 'restore';
      readonly from: 'own' | 'source';
      readonly archive: boolean;
      readonly notes: readonly string[];
    }
  /** PGDATA is there and older than the store: archive recovery of it. */
  | { readonly action: 'recover'; readonly how: RecoveryWay; readonly archive: true; readonly notes: readonly string[] }
  /** Copy the primary with pg_basebackup. */
  | { readonly action: 'copy'; readonly archive: boolean; readonly notes: readonly string[] }
  | { readonly action: 'initialise'; readonly archive: boolean; readonly notes: readonly string[] }
  | { readonly action: 'stop'; readonly reason: string };

export interface Situation {
  readonly role: Role;
  readonly data: DataDirectoryState;
  readonly store: StoreState;
  /** The store to clone from, or that a standby follows; NONE where the contract names none. */
  readonly source: StoreState;
  /** A standby that follows `source`, and no server. */
  readonly followsSource: boolean;
  readonly contract: Pick<AgentContract, 'bootstrap' | 'restore' | 'namespace' | 'set'>;
  /** The newest timeline that descends from PGDATA's own, and where it was seen; null where there is none newer. */
  readonly newerTimeline: NewerTimeline | null;
  /** Complete backups of other sets in the claim whose own folder is empty; looked for where nothing else would stop an initialisation. */
  readonly neighbours: readonly Neighbour[];
  /** Of a primary's PGDATA that went back behind its store; null where there was nothing to judge. */
  readonly wentBack: WentBackJudgement | null;
}

export interface NewerTimeline {
  readonly timeline: number;
  readonly at: 'store';
}

/**
 * The boot decision. OURS-PARTIAL is settled before (cleared, or moved in to its end) and read again, so that it stands
 * here as EMPTY or VALID.
 *
 * | PGDATA  | store   | primary                                                       | standby             |
 * | VALID   | BACKUPS, CLAIMED | PGDATA's WAL behind the store's, or other bytes: went-back.ts | start           |
 * | VALID   | any     | start; newer timeline of its lineage: stop; other system: start without archiving | start |
 * | FOREIGN | any     | stop                                                          | stop                |
 * | INCOMPLETE | any  | stop                                                          | stop                |
 * | NEWER   | any     | stop                                                          | stop                |
 * | EMPTY   | BACKUPS | restore, also where it is read-only or full (`initialize`: stop) | copy             |
 * | EMPTY   | EMPTY   | initialise; restore from the source of a clone; `restore`: stop; another set's backups in the same claim: stop, but `initialize` | copy |
 * | EMPTY   | NONE    | as EMPTY, without archiving                                   | copy, no archiving  |
 * | EMPTY   | CLAIMED | stop                                                          | copy                |
 * | EMPTY   | OTHER   | stop                                                          | copy, no archiving  |
 * | EMPTY   | UNKNOWN | stop                                                          | copy, no archiving  |
 *
 * A standby that follows another set's store restores from there in the place of a copy, but where its own store holds anything of a
 * database, or cannot be read.
 */
export function decide(situation: Situation): Decision {
  const { data } = situation;
  switch (data.kind) {
    case 'VALID':
      return startExisting(situation, data);
    case 'FOREIGN':
      return stop(
        `${data.found}. Wanted: a database in PGDATA, or nothing at all; nothing was changed. Move it away, or name its place with postgres.io/data-directory`,
      );
    case 'INCOMPLETE':
      return stop(`${data.found}. ${wholeAgain(situation)}`);
    case 'NEWER':
      return stop(`${data.found}. Nothing was changed, and the data is as good as it was`);
    case 'OURS-PARTIAL':
      throw new Error('OURS-PARTIAL is to be cleared or finished before the decision');
    case 'EMPTY':
      if (situation.role === 'primary') {
        return fillEmpty(situation);
      }
      return situation.followsSource ? fillFromSource(situation) : copyPrimary(situation.store);
  }
}

function startExisting(situation: Situation, data: Extract<DataDirectoryState, { kind: 'VALID' }>): Decision {
  const { store, contract, wentBack } = situation;
  if (wentBack?.kind === 'stop') {
    return stop(wentBack.reason);
  }
  if (wentBack?.kind === 'recover') {
    return { action: 'recover', how: wentBack.how, archive: true, notes: [...wentBack.notes, ...unwritable(store)] };
  }
  if (situation.role === 'primary' && situation.newerTimeline !== null && data.signal === null) {
    return stop(overtaken(contract.set, data.control.timeline, situation.newerTimeline));
  }
  const notes: string[] = [...(wentBack?.notes ?? [])];
  if (contract.restore.target !== null) {
    notes.push(
      `restore-target-${contract.restore.target.kind} is not looked at: PGDATA holds a database. A restore needs an empty volume`,
    );
  }
  switch (store.kind) {
    case 'OTHER':
      return start(false, [
        ...notes,
        `the store belongs to ${store.identity.namespace}/${store.identity.set}: ${unprotected}`,
      ]);
    case 'BACKUPS':
    case 'CLAIMED':
      return store.systemId !== null && store.systemId !== data.control.systemId
        ? start(false, [
            ...notes,
            `the store belongs to system ${store.systemId}, PGDATA is system ${data.control.systemId}: ${unprotected}`,
          ])
        : start(true, [...notes, ...unwritable(store)]);
    case 'UNKNOWN':
      return start(true, [...notes, `the store cannot be read now (${store.reason}); the database is kept up`]);
    case 'EMPTY':
      return start(true, notes);
    case 'NONE':
      return start(false, notes);
  }
}

/** A part of it is gone with its volume: nothing but the whole can be put back. */
function wholeAgain({ role, store, followsSource }: Situation): string {
  const back =
    'Nothing was changed; pg_resetwal would make a database of it that has lost what was committed. Wanted: that volume back, mounted where it was';
  if (role === 'standby') {
    return `${back}. Where it is gone for good, delete the data claim too: this standby is ${followsSource ? 'restored anew from postgres.io/restore-from' : 'copied anew from its primary'}`;
  }
  return store.kind === 'BACKUPS'
    ? `${back}. Where it is gone for good, delete the data claim too: everything is restored from the store, which holds ${store.backups.length} base backups and the WAL behind them`
    : `${back}. There is no base backup that could be restored instead (the store is ${store.kind})`;
}

/** To read is enough for a restore, and for a database that is there. */
function unwritable(store: StoreState): readonly string[] {
  return store.kind !== 'BACKUPS' || store.writeTrouble === null
    ? []
    : [`${store.writeTrouble}; until it can be, nothing is archived and this database is NOT protected`];
}

function overtaken(set: string, own: number, { timeline, at }: NewerTimeline): string {
  return (
    `PGDATA is on timeline ${own}, but the ${at} holds timeline ${timeline} of the same database: another server was promoted. Wanted: one primary. ` +
    `Write down which pod it is (\`pgusher promote ${set} --record POD\`) and this one follows it; where no other server is left, delete the data claim to restore timeline ${timeline} from the store, ` +
    'or keep this copy with a new postgres.io/backup-prefix'
  );
}

const unprotected =
  'nothing is archived and this database is NOT protected; set postgres.io/backup-prefix or postgres.io/backup-claim';

function copyPrimary(store: StoreState): Decision {
  const archive = store.kind === 'BACKUPS' || store.kind === 'EMPTY' || store.kind === 'CLAIMED';
  return { action: 'copy', archive, notes: archive ? [] : [`no archiving here: the store is ${store.kind}`] };
}

/** Of a set that has backups of its own its standby was promoted: what is in them is newer than what it followed. */
function fillFromSource({ store, source, contract }: Situation): Decision {
  if (store.kind === 'UNKNOWN') {
    return stop(
      `PGDATA is empty and the set's own store cannot be read: ${store.reason}. Wanted: a store that answers; where this standby was promoted, what came after that is only there. ` +
        'Repair it or its mount (postgres.io/backup-claim)',
    );
  }
  if (store.kind === 'BACKUPS' || store.kind === 'CLAIMED') {
    return stop(
      `PGDATA is empty and postgres.io/role is "standby", but the set's own store holds ${store.kind === 'BACKUPS' ? `${store.backups.length} base backups` : store.found}: this standby was promoted. ` +
        'Wanted: postgres.io/role: primary, which restores them; or another postgres.io/backup-prefix, to follow postgres.io/restore-from from the beginning',
    );
  }
  return clone(source, contract, store.kind === 'EMPTY');
}

function fillEmpty(situation: Situation): Decision {
  const { store, source, contract } = situation;
  switch (store.kind) {
    case 'UNKNOWN':
      return stop(
        `PGDATA is empty and the store cannot be read: ${store.reason}. Wanted: a store that answers; nothing is ever initialised on a guess. ` +
          'Repair it or its mount (postgres.io/backup-claim)',
      );
    case 'OTHER':
      return stop(
        `PGDATA is empty and the store belongs to ${store.identity.namespace}/${store.identity.set}, not to ${contract.namespace}/${contract.set}. ` +
          `Wanted: a place of its own, such as postgres.io/backup-prefix: "${contract.namespace}/${contract.set}"; with it, to start from the other set postgres.io/restore-from: "<the folder that is backup-prefix now>", ` +
          'or to begin with an empty database postgres.io/bootstrap: "initialize"',
      );
    case 'CLAIMED':
      return stop(
        `PGDATA is empty, data existed (${store.found}), no complete backup is left. Refusing to make an empty database over it. ` +
          'Bring the data volume back, or begin anew with another postgres.io/backup-prefix and postgres.io/bootstrap: "initialize"',
      );
    case 'BACKUPS':
      return contract.bootstrap === 'initialize'
        ? stop(
            `the store holds ${store.backups.length} base backups of system ${store.systemId}, but postgres.io/bootstrap is "initialize". ` +
              'Wanted: "auto" or "restore" to bring them back, or another postgres.io/backup-prefix to begin anew',
          )
        : { action: 'restore', from: 'own', archive: true, notes: unwritable(store) };
    case 'EMPTY':
      return fillNew(source, contract, true, situation.neighbours);
    case 'NONE':
      return fillNew(source, contract, false, []);
  }
}

function fillNew(
  source: StoreState,
  contract: Situation['contract'],
  archive: boolean,
  neighbours: readonly Neighbour[],
): Decision {
  if (source.kind !== 'NONE') {
    return clone(source, contract, archive);
  }
  if (neighbours.length > 0 && contract.bootstrap !== 'initialize') {
    return stop(`PGDATA is empty, and ${neighboursText(neighbours, `${contract.namespace}/${contract.set}`)}`);
  }
  const request = restoreRequest(contract);
  if (contract.bootstrap === 'restore' || request !== null) {
    return stop(
      `PGDATA is empty and there is no backup to restore, but ${request ?? 'postgres.io/bootstrap is "restore"'}. ` +
        'Wanted: a store with a base backup (postgres.io/backup-claim, postgres.io/restore-from); to begin with an empty database set postgres.io/bootstrap: auto and take the restore-* annotations away',
    );
  }
  return { action: 'initialise', archive, notes: [] };
}

function clone(source: StoreState, contract: Situation['contract'], archive: boolean): Decision {
  if (contract.bootstrap === 'initialize') {
    return stop(
      'postgres.io/restore-from asks for a clone, but postgres.io/bootstrap is "initialize". Wanted: one of them',
    );
  }
  if (source.kind === 'BACKUPS') {
    return { action: 'restore', from: 'source', archive, notes: [] };
  }
  const found = {
    NONE: 'no claim is known',
    EMPTY: 'it is empty',
    CLAIMED: 'it holds no complete backup',
    OTHER: 'it belongs to another set',
    UNKNOWN: '',
  };
  return stop(
    `postgres.io/restore-from: nothing can be restored from there: ${source.kind === 'UNKNOWN' ? source.reason : found[source.kind]}. ` +
      'Wanted: a set with at least one complete base backup (postgres.io/restore-from, postgres.io/restore-from-claim)',
  );
}

/** What the annotations ask to be restored, as a clause; null where they ask for nothing in particular. */
function restoreRequest(contract: Situation['contract']): string | null {
  if (contract.restore.target !== null) {
    return `postgres.io/restore-target-${contract.restore.target.kind} asks for a point in time`;
  }
  return contract.restore.backup === 'latest' ? null : `postgres.io/restore-backup asks for ${contract.restore.backup}`;
}

function start(archive: boolean, notes: readonly string[]): Decision {
  return { action: 'start', archive, notes };
}

function stop(reason: string): Decision {
  return { action: 'stop', reason };
}
