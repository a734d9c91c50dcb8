import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { RestoreTargetContract, StoreContract } from '../contract.ts';
import { readStoreState } from '../decision/store-state.ts';
import type { Print } from '../print.ts';
import { errorCode, syncDirectory } from '../store/durable-file.ts';
import { storeRoot } from '../store/layout.ts';
import { DamagedBackup } from './damaged-backup.ts';
import type { ProgressState } from './progress.ts';
import { progressBar, progressText, startProgress } from './progress.ts';
import type { RestoreLease } from './restore-lease.ts';
import { takeRestoreLease } from './restore-lease.ts';
import { planRestore, RestoreRefused } from './restore-plan.ts';
import type { WalPlace } from './segment-file.ts';
import { requireSpace, stageBackup, stagedSize } from './stage-backup.ts';

export interface RestoreToOptions {
  readonly store: StoreContract;
  /** Becomes a PGDATA; must not exist, or be empty. */
  readonly directory: string;
  /** `latest` or an id. */
  readonly backup: string;
  readonly target: RestoreTargetContract | null;
  /** True: a bar that is drawn over itself; false: plain lines. */
  readonly terminal: boolean;
}

/**
 * `pgusher-agent restore --to DIR`: a directory that a server of the backup's major can be started on anywhere. All WAL up
 * to the target is in it; the store is only read (and leased, where it can be written).
 * @returns the exit code: 0 it is there, complete; 1 refused or failed, with the reason; the directory is untouched then.
 */
export async function runRestoreTo(
  options: RestoreToOptions,
  print: Print & { bar(text: string): void },
): Promise<number> {
  try {
    const directory = resolve(options.directory);
    await requireEmpty(directory);
    const state = await readStoreState({ store: options.store, owner: null, writable: false, mustBeMount: false });
    if (state.kind !== 'BACKUPS') {
      const why = state.kind === 'UNKNOWN' ? state.reason : `the store is ${state.kind}`;
      throw new RestoreRefused(
        `no base backup in ${storeRoot(options.store)}: ${why}. Wanted: --store and --prefix of a set with backups`,
      );
    }
    const segmentSize = state.identity.segmentSize ?? state.backups.at(-1)?.segmentSize ?? 0;
    const place: WalPlace = { root: storeRoot(options.store), systemId: state.systemId, segmentSize };
    const lease = await leaseOn(place.root, directory, print);
    try {
      await restore(options, place, state.backups, directory, print);
    } finally {
      await lease?.release();
    }
    return 0;
  } catch (error) {
    print.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

async function restore(
  options: RestoreToOptions,
  place: WalPlace,
  backups: Parameters<typeof planRestore>[1],
  directory: string,
  print: Print & { bar(text: string): void },
): Promise<void> {
  const plan = await planRestore(place, backups, {
    backup: options.backup,
    target: options.target,
    major: null,
    places: null,
  });
  const total = stagedSize(place, plan, true);
  await mkdir(dirname(directory), { recursive: true });
  await requireSpace(dirname(directory), total);
  print.out(`restoring base backup ${plan.backup.id} and ${plan.steps.length} WAL segments to ${directory}`);
  const staging = join(dirname(directory), `.${basename(directory)}.pgusher-restoring`);
  await rm(staging, { recursive: true, force: true });
  const progress = startProgress(total, teller(options.terminal, print), options.terminal ? 200 : undefined);
  try {
    await stageBackup({
      place,
      directory: staging,
      parts: [],
      plan,
      restoreCommand: null,
      record: {
        format: 1,
        restoreId: null,
        backup: plan.backup.id,
        target: options.target,
        restoredAt: new Date().toISOString(),
        namespace: '',
        set: '',
      },
      onBytes: (bytes) => {
        progress.add(bytes);
      },
    });
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error instanceof DamagedBackup
      ? new RestoreRefused(`${error.message}. Choose another with --backup; \`pgusher-agent list\` shows them`)
      : error;
  } finally {
    progress.end();
    if (options.terminal) {
      print.out('');
    }
  }
  await rename(staging, directory);
  await syncDirectory(dirname(directory));
  print.out(`done: start PostgreSQL ${plan.backup.major} on ${directory}; it replays the WAL and then takes writes`);
}

function teller(terminal: boolean, print: Print & { bar(text: string): void }): (state: ProgressState) => void {
  return (state) => {
    if (terminal) {
      print.bar(progressBar(state));
    } else {
      print.out(progressText(state));
    }
  };
}

/** @throws RestoreRefused */
export async function requireEmpty(directory: string): Promise<void> {
  const entries = await readdir(directory).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') {
      return [];
    }
    throw error;
  });
  if (entries.length > 0) {
    throw new RestoreRefused(`${directory} is not empty; wanted a directory that is empty or does not exist`);
  }
}

async function leaseOn(root: string, directory: string, print: Print): Promise<RestoreLease | null> {
  try {
    return await takeRestoreLease(root, `by-hand-${process.pid}`, directory);
  } catch (error) {
    print.error(
      `no lease in the store (${error instanceof Error ? error.message : String(error)}): its retention does not wait for this restore`,
    );
    return null;
  }
}
