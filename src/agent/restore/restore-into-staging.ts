import { mkdir } from 'node:fs/promises';
import type { AgentContract } from '../contract.ts';
import type { DataVolumePaths } from '../decision/data-volume-paths.ts';
import type { StoreState } from '../decision/store-state.ts';
import type { Log } from '../log.ts';
import { storeRoot } from '../store/layout.ts';
import type { BaseBackupRecord } from '../store/layout.ts';
import { DamagedBackup } from './damaged-backup.ts';
import { clearStaging } from './move-into-place.ts';
import { progressText, startProgress } from './progress.ts';
import type { RestoreLease } from './restore-lease.ts';
import { takeRestoreLease } from './restore-lease.ts';
import type { RestorePlan } from './restore-plan.ts';
import type { OutsidePart } from './outside-parts.ts';
import { mountOf, outsideParts, walLink } from './outside-parts.ts';
import { partSizes } from './part-sizes.ts';
import { preparePartStaging } from './place-parts.ts';
import { planRestore, RestoreRefused } from './restore-plan.ts';
import type { WalPlace } from './segment-file.ts';
import { requireSpace, stageBackup, stagedSize } from './stage-backup.ts';

export interface StagingRequest {
  readonly contract: AgentContract;
  readonly from: Extract<StoreState, { kind: 'BACKUPS' }>;
  /** True: this set's own store. False: a clone's source; its WAL is copied too, so that it is not needed again, but by a standby. */
  readonly own: boolean;
  /** It goes on replaying what comes into that store, and never ends its recovery by itself. */
  readonly standby: boolean;
  /** The request was carried out before: its target does not count. */
  readonly consumed: boolean;
  readonly paths: DataVolumePaths;
  readonly restoreCommand: string;
  readonly pod: string;
  readonly log: Log;
}

/**
 * Plans the restore, extracts it into the staging directory and leaves it complete and on disk. A base backup that turns
 * out to be damaged is given up for the one before, with which the same WAL leads to the same end.
 * @returns the base backup that was taken.
 * @throws RestoreRefused
 */
export async function restoreIntoStaging(request: StagingRequest): Promise<BaseBackupRecord> {
  const { contract, from, log } = request;
  const store = request.own ? contract.store : contract.source;
  if (store === null) {
    throw new Error('a store that was read has no contract');
  }
  const root = storeRoot(store);
  const place: WalPlace = { root, systemId: from.systemId, segmentSize: segmentSizeOf(from) };
  const plan = await planRestore(place, from.backups, {
    backup: request.consumed ? 'latest' : contract.restore.backup,
    target: request.consumed || request.standby ? null : contract.restore.target,
    major: contract.major,
    places: contract,
  });
  const lease = await leaseOn(root, request);
  try {
    const backup = await stageNewestSound(request, place, plan);
    await makeLaterTablespaces(request, backup);
    log.info(
      request.standby
        ? 'restored; the server follows that store when it starts'
        : 'restored; recovery follows when the server starts',
    );
    return backup;
  } finally {
    await lease?.release();
  }
}

/**
 * The folders of tablespaces that were made after this backup, as later ones tell: replay of CREATE TABLESPACE wants them, and stops
 * where they are not there.
 */
async function makeLaterTablespaces({ contract, from }: StagingRequest, backup: BaseBackupRecord): Promise<void> {
  for (const { location } of from.backups.flatMap(({ tablespaces }) => tablespaces)) {
    if (!backup.tablespaces.some((known) => known.location === location) && mountOf(location, contract) !== undefined) {
      await mkdir(location, { recursive: true, mode: 0o700 });
    }
  }
}

async function stageNewestSound(
  request: StagingRequest,
  place: WalPlace,
  plan: RestorePlan,
): Promise<BaseBackupRecord> {
  const damaged: string[] = [];
  for (const { backup, steps } of [plan, ...plan.fallbacks]) {
    try {
      await stageOne(request, place, { ...plan, backup, steps });
      return backup;
    } catch (error) {
      if (!(error instanceof DamagedBackup)) {
        throw error;
      }
      damaged.push(`${backup.id}: ${error.message}`);
      request.log.error(`base backup ${backup.id} is damaged: ${error.message}`);
      await clearStaging(request.paths);
    }
  }
  throw new RestoreRefused(
    `every base backup that leads there is damaged (${damaged.join('; ')}). Wanted: one that is as it was made; nothing was started`,
  );
}

async function stageOne(request: StagingRequest, place: WalPlace, plan: RestorePlan): Promise<void> {
  const { contract, paths, log } = request;
  const total = stagedSize(place, plan, !fetchesWal(request));
  const parts = outsideParts(plan.backup, contract);
  if (plan.backup.walDirectory !== undefined && !parts.some(({ link }) => link === walLink)) {
    log.warn(
      `the WAL lay in ${plan.backup.walDirectory}, which no claim of the server's container covers: it comes into PGDATA`,
    );
  }
  await preparePartStaging(parts);
  await requireRoom(contract, place.root, plan.backup, parts, total);
  log.info(
    { backup: plan.backup.id, segments: plan.steps.length, target: plan.target },
    `restoring base backup ${plan.backup.id}`,
  );
  const progress = startProgress(total, (state) => {
    log.info(`restoring: ${progressText(state)}`);
  });
  try {
    await stageBackup({
      place,
      directory: paths.staging,
      parts,
      plan,
      restoreCommand: fetchesWal(request) ? request.restoreCommand : null,
      standby: request.standby,
      record: {
        format: 1,
        restoreId: request.consumed || request.standby ? null : contract.restore.id,
        backup: plan.backup.id,
        target: request.consumed || request.standby ? null : contract.restore.target,
        restoredAt: new Date().toISOString(),
        namespace: contract.namespace,
        set: contract.set,
        toEnd: !request.standby && plan.target === null && plan.lastRecord !== null,
      },
      onBytes: (bytes) => {
        progress.add(bytes);
      },
    });
  } finally {
    progress.end();
  }
}

function fetchesWal({ own, standby }: StagingRequest): boolean {
  return own || standby;
}

/** On each volume for what comes to lie there. */
async function requireRoom(
  contract: AgentContract,
  root: string,
  backup: BaseBackupRecord,
  parts: readonly OutsidePart[],
  total: number,
): Promise<void> {
  let here = total;
  for (const [index, size] of (await partSizes(root, backup, parts)).entries()) {
    const location = parts[index]?.location ?? contract.dataMount;
    if (mountOf(location, contract) !== contract.dataMount) {
      here -= size;
      await requireSpace(location, size);
    }
  }
  await requireSpace(contract.dataMount, here);
}

/**
 * None where the store cannot be written. Only the agent of the store's own primary removes anything there, and of this set's
 * own store that is the agent of the server that is being restored.
 */
async function leaseOn(root: string, request: StagingRequest): Promise<RestoreLease | null> {
  try {
    return await takeRestoreLease(root, request.pod, `${request.contract.namespace}/${request.pod}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    request.log.warn(
      request.own
        ? `no lease in the store (${reason})`
        : `no lease in the source (${reason}): if its retention removes the backup meanwhile, this clone fails and is tried again`,
    );
    return null;
  }
}

function segmentSizeOf(from: Extract<StoreState, { kind: 'BACKUPS' }>): number {
  const size = from.identity.segmentSize ?? from.backups.at(-1)?.segmentSize;
  if (size === undefined) {
    throw new Error('a store with backups knows its segment size');
  }
  return size;
}
