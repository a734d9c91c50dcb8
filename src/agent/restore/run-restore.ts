import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AgentContract, StoreContract } from '../contract.ts';
import { scriptNames } from '../contract.ts';
import type { DataDirectoryState } from '../decision/data-directory-state.ts';
import { readDataDirectoryState } from '../decision/data-directory-state.ts';
import { dataVolumePaths } from '../decision/data-volume-paths.ts';
import type { DataVolumePaths } from '../decision/data-volume-paths.ts';
import type { Decision, NewerTimeline } from '../decision/decide.ts';
import { decide } from '../decision/decide.ts';
import type { BootDecision } from '../decision/decision-file.ts';
import { decisionFileName, writeDecisionFile } from '../decision/decision-file.ts';
import { linkedParts, lostParts } from '../decision/lost-part.ts';
import { foldersToMake } from '../decision/mount-point.ts';
import type { Role } from '../decision/pod-role.ts';
import type { Verdict } from '../decision/who-is-primary.ts';
import type { StoreState } from '../decision/store-state.ts';
import { readStoreState } from '../decision/store-state.ts';
import type { Log } from '../log.ts';
import type { OffsiteQuestion } from '../offsite/before-decision.ts';
import type { OpenPlace } from '../offsite/open-place.ts';
import type { Environment } from '../server-connection/credentials.ts';
import { keepOrGiveUpOrder, orderPasswords } from '../passwords/order-passwords.ts';
import { carryOutRebuild } from '../rebuild/carry-out-rebuild.ts';
import { stepDown } from '../step-down.ts';
import { claimStore } from '../store/identity.ts';
import { syncDirectory } from '../store/durable-file.ts';
import { storeRoot } from '../store/layout.ts';
import { bareMounts } from './bare-mounts.ts';
import { installScripts } from './install-scripts.ts';
import { newerTimeline, newestOwnTimeline } from './lineage.ts';
import { clearStaging, finishFilling, moveIntoPlace, takeBackInitialisation } from './move-into-place.ts';
import { lookBeside } from './look-beside.ts';
import { goOnToEnd, judgeData } from './judge-data.ts';
import { recoverDataDirectory } from './recover-data-directory.ts';
import { releaseStandbyNames } from './release-standby-names.ts';
import { forkId, readConsumed, recordConsumed } from './restore-record.ts';
import { outsideParts } from './outside-parts.ts';
import { placeParts, settleParts } from './place-parts.ts';
import { RestoreRefused } from './restore-plan.ts';
import { restoreIntoStaging } from './restore-into-staging.ts';
import { roleAtStart } from './role-at-start.ts';
import { podsOfSet } from './set-pods.ts';
import type { SetPods } from './set-pods.ts';
import { stillPrimary } from './still-primary.ts';
import { copyPrimary, followAgain, followArchive, followPrimary, keepAsStandby, prepareUpstream } from './standby.ts';
import { readReplicationLogin } from './replication-login.ts';
import type { Upstream } from './standby.ts';

/** Where things are; the pod's are those of contract.ts, a test has its own. */
export interface RestoreSurroundings {
  /** Name of the pod. */
  readonly pod: string;
  /** The volume that all containers of the pod share. */
  readonly shared: string;
  readonly replicationSecret: string;
  /** `paths.liveSettings`: who is primary. */
  readonly liveSettings: string;
  /** Where the other pods are; by their names below the governing Service where nothing else is said. */
  readonly pods?: SetPods;
  /** True in a pod: a store where nothing is mounted is no store. */
  readonly mustBeMount: boolean;
  /** For the off-site copy, and what its credentials are read from. */
  readonly openPlace: OpenPlace;
  readonly environment: Environment;
  /** How long an off-site copy that does not answer is asked. */
  readonly offsitePatienceMs: number;
  /** How long a standby waits for its primary. */
  readonly primaryPatienceMs: number;
  readonly log: Log;
}

/**
 * The init container `pgusher-restore`: decides (src/agent/decision) and carries it out. Safe to kill at any moment and to run
 * again; when it returns, PGDATA is a complete database or initdb.sh has been told to make one.
 * @throws RestoreRefused where the server must not start, with one line for a person; system errors as they are.
 */
export async function runRestore(contract: AgentContract, surroundings: RestoreSurroundings): Promise<void> {
  const paths = dataVolumePaths(contract.dataMount);
  await prepareFolders(contract, surroundings, paths);
  await installScripts(join(surroundings.shared, 'bin'));
  const boot: Boot = { contract, surroundings, paths };
  await carryOutRebuild(boot);
  await carryOut(boot, await settledState(boot));
}

async function prepareFolders(
  contract: AgentContract,
  surroundings: RestoreSurroundings,
  paths: DataVolumePaths,
): Promise<void> {
  const parent = contract.dataDirectory === contract.dataMount ? contract.dataMount : dirname(contract.dataDirectory);
  try {
    await stepDown(
      contract.owner,
      [surroundings.shared, paths.own, parent],
      [
        ...(await foldersToMake(contract.store, surroundings.mustBeMount)),
        ...(await bareMounts(contract.otherMounts ?? [])),
      ],
    );
  } catch (error) {
    if (contract.owner !== null && contract.owner.uid !== 0 && process.getuid?.() === 0) {
      throw error;
    }
    // A broken store is for the decision to judge: it never keeps a database down that is there.
    surroundings.log.warn({ err: error }, 'a folder could not be prepared');
  }
}

interface Boot {
  readonly contract: AgentContract;
  readonly surroundings: RestoreSurroundings;
  readonly paths: DataVolumePaths;
}

/** PGDATA's state once what an earlier run left is cleared or finished. */
async function settledState(boot: Boot): Promise<DataDirectoryState> {
  const { contract, paths, surroundings } = boot;
  const found = await readDataDirectoryState(contract.dataDirectory, contract.dataMount);
  if (found.kind !== 'OURS-PARTIAL') {
    if (found.kind === 'VALID') {
      await clearStaging(paths);
    }
    return wholeState(contract, found);
  }
  if (found.remedy === 'take-back') {
    // initdb.sh takes it back where it begins anew: in the server's container, which has all of the mounts. Else `act` does.
    return { kind: 'EMPTY' };
  }
  if (found.remedy === 'finish') {
    surroundings.log.info('an earlier run was moving a finished database into PGDATA: going on');
    await finishFilling(paths, contract.dataDirectory);
  } else {
    surroundings.log.info('an earlier restore or initialisation was cut off: beginning anew');
    await clearStaging(paths);
  }
  return wholeState(contract, await readDataDirectoryState(contract.dataDirectory, contract.dataMount));
}

/** With a look at what of the database lies on other volumes. */
async function wholeState(contract: AgentContract, found: DataDirectoryState): Promise<DataDirectoryState> {
  if (found.kind !== 'VALID') {
    return found;
  }
  await settleParts(await linkedParts(contract.dataDirectory, contract));
  const lost = await lostParts(contract.dataDirectory, contract, found.signal === 'recovery');
  return lost.length === 0
    ? found
    : { kind: 'INCOMPLETE', found: `${contract.dataDirectory} holds a database, but ${lost.join(', and ')}` };
}

async function carryOut(boot: Boot, data: DataDirectoryState): Promise<void> {
  const { contract, surroundings } = boot;
  const source = await stateOf(contract.source, null, false, surroundings);
  const { stored, verdict } = await storeAndRole(boot, data, source);
  const role: Role = verdict.kind;
  for (const note of verdict.notes) {
    surroundings.log.warn(note);
  }
  const { store, neighbours } = await lookBeside({ contract, role, data, store: stored, source });
  const newer = data.kind === 'VALID' && role === 'primary' ? await newerThan(boot, store, data) : null;
  const decision = decide({
    role,
    data,
    store,
    source,
    followsSource: followsSource(verdict),
    contract,
    newerTimeline: newer,
    neighbours,
    wentBack: await judgeData({ contract, role, data, store, newerTimeline: newer }),
  });
  surroundings.log.info({ pgdata: data.kind, store: store.kind, role, action: decision.action }, 'boot decision');
  if (decision.action === 'stop') {
    throw new RestoreRefused(decision.reason);
  }
  for (const note of decision.notes) {
    surroundings.log.warn(note);
  }
  const from = decision.action === 'restore' && decision.from === 'source' ? source : store;
  const done = await act(boot, decision, data, verdict.kind === 'standby' ? verdict : null, from);
  for (const step of [
    () => keepOrGiveUpOrder(contract, role, surroundings),
    () => releaseStandbyNames(contract, surroundings.liveSettings),
  ]) {
    await step().catch((error: unknown) => {
      // A database that is there starts.
      surroundings.log.warn({ err: error }, 'what an earlier restore or setting left in PGDATA could not be tidied');
    });
  }
  await writeDecisionFile(join(surroundings.shared, decisionFileName), {
    ...done,
    role,
    archive: decision.archive,
    dataDirectory: contract.dataDirectory,
    staging: boot.paths.staging,
    filling: boot.paths.filling,
  });
}

/**
 * The store as it is judged, and the role. A primary that has lost its database, and perhaps its claim with it, asks the off-site copy first, also
 * where it would stop since the claim has too little: what is brought from there is the store, and may change who is primary.
 */
async function storeAndRole(
  boot: Boot,
  data: DataDirectoryState,
  source: StoreState,
): Promise<{ readonly stored: StoreState; readonly verdict: Exclude<Verdict, { kind: 'stop' }> }> {
  const { contract, surroundings } = boot;
  const owner = { namespace: contract.namespace, set: contract.set };
  const look = async (): Promise<{ readonly stored: StoreState; readonly verdict: Verdict }> => {
    const stored = await stateOf(contract.store, owner, true, surroundings);
    const pods = surroundings.pods ?? podsOfSet(contract);
    const verdict = await roleAtStart(contract, { ...surroundings, pods }, data, { store: stored, source });
    return { stored, verdict };
  };
  const first = await look();
  const question = offsiteQuestion(boot);
  const wantsMore =
    first.verdict.kind === 'primary' || (first.verdict.kind === 'stop' && first.verdict.wantsMore === true);
  if (question === null || !wantsMore || (data.kind !== 'EMPTY' && data.kind !== 'VALID')) {
    return settled(first);
  }
  const { fillFromOffsite, fillSpool } = await import('../offsite/before-decision.ts');
  const filled =
    data.kind === 'EMPTY'
      ? await fillFromOffsite(question, first.stored)
      : await fillSpool(question, data.control, data.signal === 'recovery');
  return settled(filled ? await look() : first);
}

/** @throws RestoreRefused */
function settled({ stored, verdict }: { readonly stored: StoreState; readonly verdict: Verdict }): {
  readonly stored: StoreState;
  readonly verdict: Exclude<Verdict, { kind: 'stop' }>;
} {
  if (verdict.kind === 'stop') {
    throw new RestoreRefused(verdict.reason);
  }
  return { stored, verdict };
}

/** Null: no off-site copy is asked for. */
function offsiteQuestion({ contract, surroundings }: Boot): OffsiteQuestion | null {
  const { store, offsite } = contract;
  return store === null || offsite === undefined
    ? null
    : {
        contract: { ...contract, store, offsite },
        openPlace: surroundings.openPlace,
        environment: surroundings.environment,
        patienceMs: surroundings.offsitePatienceMs,
        log: surroundings.log,
      };
}

async function act(
  boot: Boot,
  decision: Exclude<Decision, { action: 'stop' }>,
  data: DataDirectoryState,
  /** Null for a primary. */
  standby: StandbyVerdict | null,
  from: StoreState,
): Promise<Pick<BootDecision, 'action' | 'leastSettings'>> {
  const { contract, paths } = boot;
  switch (decision.action) {
    case 'start':
      if (standby !== null) {
        await startAsStandby(boot, standby);
      }
      await goOnToEnd(contract, data, from);
      await tryToRecord(boot);
      return { action: 'start', leastSettings: {} };
    case 'recover': {
      const { kind } = decision.how;
      await recoverDataDirectory(
        {
          dataDirectory: contract.dataDirectory,
          restoreCommand: restoreCommandOf(boot),
          namespace: contract.namespace,
          set: contract.set,
          now: new Date(),
        },
        kind === 'fork'
          ? { how: kind, id: forkId(contract.restore.id) }
          : { how: kind, lastRecord: decision.how.lastRecord },
      );
      await tryToRecord(boot);
      return { action: 'start', leastSettings: {} };
    }
    case 'initialise':
      // Before initdb: a first start that dies later finds its own claim and not a stranger's.
      await claim(boot);
      return { action: 'initialise', leastSettings: {} };
    case 'copy':
      await forgetInitialisation(boot);
      await copyAsStandby(boot, standby);
      await moveIntoPlace(paths, contract.dataDirectory);
      return { action: 'copied', leastSettings: {} };
    case 'restore': {
      if (from.kind !== 'BACKUPS') {
        throw new Error(`there is nothing to restore in a store that is ${from.kind}`);
      }
      if (decision.from === 'source' && standby === null) {
        // The own store of a clone; what is restored from is claimed already, and may be read-only.
        await claim(boot);
      }
      await forgetInitialisation(boot);
      const backup = await restoreIntoStaging({
        contract,
        from,
        own: decision.from === 'own',
        consumed: await consumedRequest(boot),
        paths,
        restoreCommand: standby === null ? restoreCommandOf(boot) : standbyRestoreCommand(boot),
        standby: standby !== null,
        pod: boot.surroundings.pod,
        log: boot.surroundings.log,
      });
      if (standby === null) {
        await stillPrimary(contract, boot.surroundings);
        await orderPasswords(contract, paths.staging, boot.surroundings);
      }
      const parts = outsideParts(backup, contract);
      for (const before of await placeParts(parts, new Date())) {
        boot.surroundings.log.warn(
          `what lay in the place of a part that was restored is in ${before}; delete it when nothing of it is missed`,
        );
      }
      await moveIntoPlace(paths, contract.dataDirectory);
      await settleParts(parts);
      await tryToRecord(boot);
      return { action: 'restored', leastSettings: backup.settings };
    }
  }
}

function restoreCommandOf({ surroundings }: Boot): string {
  return `sh ${join(surroundings.shared, 'bin', scriptNames.restoreCommand)} %f %p`;
}

/**
 * The exit code of anything but "found" is that of a file which is not there: a standby asks again for ever, and ends only by a promotion.
 * Any other status than 0 to 125 would end its server, which serves reads while the store is away.
 */
function standbyRestoreCommand(boot: Boot): string {
  return `${restoreCommandOf(boot)} ${standbyPatience} standby`;
}

/** Seconds that an agent may take for one segment; the server cannot stream meanwhile. */
const standbyPatience = 60;

/** PGDATA is to be filled in another way than the one that was cut off. */
async function forgetInitialisation({ contract, paths, surroundings }: Boot): Promise<void> {
  const found = await readDataDirectoryState(contract.dataDirectory, contract.dataMount);
  if (found.kind === 'OURS-PARTIAL' && found.remedy === 'take-back') {
    surroundings.log.warn(
      'an initialisation was cut off: what it made in PGDATA is removed; a WAL directory elsewhere is left',
    );
    await takeBackInitialisation(paths, contract.dataDirectory);
  } else {
    await rm(paths.initialising, { force: true });
    await syncDirectory(paths.own);
  }
}

async function stateOf(
  store: StoreContract | null,
  owner: { readonly namespace: string; readonly set: string } | null,
  writable: boolean,
  surroundings: RestoreSurroundings,
): Promise<StoreState> {
  return store === null
    ? { kind: 'NONE' }
    : readStoreState({ store, owner, writable, mustBeMount: surroundings.mustBeMount });
}

/** In the store; the other servers were asked before. */
async function newerThan(
  { contract }: Boot,
  store: StoreState,
  { control }: Extract<DataDirectoryState, { kind: 'VALID' }>,
): Promise<NewerTimeline | null> {
  const { systemId } = control;
  if (
    contract.store === null ||
    (store.kind !== 'BACKUPS' && store.kind !== 'CLAIMED') ||
    store.systemId !== systemId ||
    store.wal === null
  ) {
    return null;
  }
  const own = await newestOwnTimeline(contract.dataDirectory, control.timeline);
  const timeline = await newerTimeline(storeRoot(contract.store), systemId, store.wal, own);
  return timeline === null ? null : { timeline, at: 'store' };
}

async function claim(boot: Boot): Promise<void> {
  const { contract } = boot;
  if (contract.store === null) {
    return;
  }
  const identity = await claimStore(storeRoot(contract.store), {
    namespace: contract.namespace,
    set: contract.set,
    claimedAt: new Date().toISOString(),
  });
  if (identity.namespace !== contract.namespace || identity.set !== contract.set) {
    throw new RestoreRefused(
      `${identity.namespace}/${identity.set} claimed the store at the same moment; wanted one set per postgres.io/backup-prefix`,
    );
  }
  const question = offsiteQuestion(boot);
  if (question !== null) {
    const { claimOffsite } = await import('../offsite/before-decision.ts');
    await claimOffsite(question, identity);
  }
}

type StandbyVerdict = Extract<Verdict, { kind: 'standby' }>;

/** In the place of a server; beside one, it is only asked for what that has recycled. */
function followsSource(verdict: Verdict): boolean {
  return verdict.kind === 'standby' && verdict.of === null && verdict.archive === 'source';
}

async function startAsStandby(boot: Boot, verdict: StandbyVerdict): Promise<void> {
  const { contract, surroundings } = boot;
  const { of } = verdict;
  if (followsSource(verdict)) {
    await followArchive(contract.dataDirectory, standbyRestoreCommand(boot));
    return;
  }
  if (of === null && contract.replication !== null) {
    await keepAsStandby(contract.dataDirectory);
    return;
  }
  const upstream = await upstreamOf(boot, of);
  const { password } = await readReplicationLogin(surroundings.replicationSecret);
  const archive = { command: standbyRestoreCommand(boot), wanted: verdict.archive !== undefined };
  await followAgain(upstream, password, contract.dataDirectory, archive, surroundings.log);
}

async function copyAsStandby(boot: Boot, verdict: StandbyVerdict | null): Promise<void> {
  const { paths, surroundings } = boot;
  const upstream = await upstreamOf(boot, verdict?.of ?? null);
  const { password } = await readReplicationLogin(surroundings.replicationSecret);
  try {
    await copyPrimary(upstream, password, paths.staging, surroundings.primaryPatienceMs);
  } catch (error) {
    // Why that one, and what helps where it never comes: whoever reads the end of the container has no log.
    throw error instanceof RestoreRefused && verdict !== null
      ? new RestoreRefused([error.message, ...verdict.notes].join('. '), { cause: error })
      : error;
  }
  if (verdict?.archive !== undefined) {
    await followPrimary(upstream, paths.staging, true, { command: standbyRestoreCommand(boot), wanted: true });
  }
}

async function upstreamOf({ contract, surroundings }: Boot, of: string | null): Promise<Upstream> {
  const { pod, replicationSecret, shared } = surroundings;
  return prepareUpstream(contract, of, pod, replicationSecret, shared);
}

/** The record of this very request, where it was carried out before. @throws where the id was used for another request. */
async function consumedRequest(boot: Boot): Promise<boolean> {
  const { id, target } = boot.contract.restore;
  if (id === null || boot.contract.store === null) {
    return false;
  }
  const record = await readConsumed(storeRoot(boot.contract.store), id);
  if (record === undefined) {
    return false;
  }
  if (target !== null && JSON.stringify(record.target) !== JSON.stringify(target)) {
    const was =
      record.target === null ? 'the latest state' : `restore-target-${record.target.kind} ${record.target.value}`;
    throw new RestoreRefused(
      `restore-id "${id}" was used at ${record.restoredAt} for ${was}; wanted a new postgres.io/restore-id for another target`,
    );
  }
  boot.surroundings.log.warn(
    `restore-id "${id}" was carried out at ${record.restoredAt}: its target is not used again, the latest state is restored`,
  );
  return true;
}

/** PGDATA is complete: a store that fails now must not keep it down. pgusher-backup records it before it archives anything. */
async function tryToRecord({ contract, surroundings }: Boot): Promise<void> {
  if (contract.store === null) {
    return;
  }
  try {
    await recordConsumed(contract.dataDirectory, storeRoot(contract.store));
  } catch (error) {
    surroundings.log.error(
      { err: error },
      'that the restore-id was carried out could not be recorded in the store yet',
    );
  }
}
