import { mkdir, readFile, rm, stat, statfs, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseControlFile } from '../decision/control-file.ts';
import { errorCode, syncDirectory } from '../store/durable-file.ts';
import type { BaseBackupRecord } from '../store/layout.ts';
import { historyName } from '../store/wal-name.ts';
import { takeOutLoginLine } from '../passwords/order-passwords.ts';
import { DamagedBackup } from './damaged-backup.ts';
import { endTarget } from './end-target.ts';
import { extractBaseBackup } from './extract-base-backup.ts';
import { fsyncTree } from './fsync-tree.ts';
import { readHistory } from '../store/timeline-history.ts';
import type { OutsidePart } from './outside-parts.ts';
import { walLink } from './outside-parts.ts';
import { partStaging } from './place-parts.ts';
import { bytesText } from './progress.ts';
import { withRecoverySettings, withoutRecoveryTargets } from './recovery-settings.ts';
import type { RestorePlan } from './restore-plan.ts';
import { RestoreRefused } from './restore-plan.ts';
import type { RestoreRecord } from './restore-record.ts';
import { restoreRecordName, restoreRecordText } from './restore-record.ts';
import type { WalPlace } from './segment-file.ts';
import { writeSegment } from './segment-file.ts';

export interface Staging {
  readonly place: WalPlace;
  /** Does not exist, or is empty. */
  readonly directory: string;
  /** What comes into its own place instead, staged there (place-parts.ts). */
  readonly parts: readonly OutsidePart[];
  readonly plan: RestorePlan;
  /** Null: all WAL is put into pg_wal, so that the result needs no store; else the command that brings it. */
  readonly restoreCommand: string | null;
  /** A server that takes no writes and replays WAL for ever. */
  readonly standby?: boolean;
  readonly record: RestoreRecord;
  readonly onBytes: (bytes: number) => void;
}

/**
 * Answers "not there" to everything: PostgreSQL then reads pg_wal, where all of it is. Recovery insists on a
 * restore_command.
 */
const everythingIsInPgWal = 'false';

/** Bytes that will be written, for progress and for the space check. */
export function stagedSize(place: WalPlace, plan: RestorePlan, withWal: boolean): number {
  return plan.backup.size + (withWal ? plan.steps.length * place.segmentSize : 0);
}

/**
 * Refuses early what would fail late: the size of the backup, and room for the WAL of the replay (a tenth of the volume,
 * at most max_wal_size's default of 1 GiB) must be free.
 * @throws RestoreRefused
 */
export async function requireSpace(volume: string, bytes: number): Promise<void> {
  const found = await statfs(volume);
  const free = found.bavail * found.bsize;
  const wanted = bytes + Math.min(2 ** 30, (found.blocks * found.bsize) / 10);
  if (free < wanted) {
    throw new RestoreRefused(
      `${volume} has ${bytesText(free)} free, the restore needs ${bytesText(wanted)} (${bytesText(bytes)} of data and room for WAL). Use a larger volume`,
    );
  }
}

/**
 * Makes a directory that a server can start on: extracted, checked, with recovery settings and signal file, and on disk.
 * @throws DamagedBackup where the backup is not what it was; RestoreRefused and system errors else.
 */
export async function stageBackup(staging: Staging): Promise<void> {
  const { directory, plan, place } = staging;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const elsewhere = new Map(staging.parts.map((part) => [part.link, partStaging(part)]));
  await extractBaseBackup(place.root, plan.backup, directory, staging.onBytes, elsewhere);
  await checkStaged(directory, plan.backup);
  // pg_basebackup leaves these folders out or empty; PostgreSQL makes archive_status itself, but not pg_wal.
  await mkdir(walFolder(staging), { recursive: true, mode: 0o700 });
  for (const { link, location } of staging.parts) {
    await mkdir(dirname(join(directory, link)), { recursive: true, mode: 0o700 });
    await symlink(location, join(directory, link));
  }
  if (staging.restoreCommand === null) {
    await copyWal(staging);
  }
  await writeRecoverySettings(staging);
  // Of a backup that was taken while a restored server's password was being set.
  await takeOutLoginLine(directory);
  for (const folder of [directory, ...elsewhere.values()]) {
    await fsyncTree(folder);
    await syncDirectory(join(folder, '..'));
  }
}

function walFolder({ directory, parts }: Staging): string {
  const part = parts.find(({ link }) => link === walLink);
  return part === undefined ? join(directory, walLink) : partStaging(part);
}

async function checkStaged(directory: string, record: BaseBackupRecord): Promise<void> {
  const version = (await read(join(directory, 'PG_VERSION'))).toString('utf8').trim();
  const control = parseControlFile(await read(join(directory, 'global', 'pg_control')));
  if (version !== String(record.major) || control.systemId !== record.systemId) {
    throw new DamagedBackup(
      `base backup ${record.id} holds PostgreSQL ${version} of system ${control.systemId}; wanted ${record.major} of ${record.systemId}`,
    );
  }
  // Without it recovery would begin at the wrong checkpoint and miss rows in silence.
  await read(join(directory, 'backup_label'));
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw errorCode(error) === 'ENOENT' ? new DamagedBackup(`the base backup has no ${path}`, { cause: error }) : error;
  }
}

async function copyWal(staging: Staging): Promise<void> {
  const { plan, place } = staging;
  const folder = walFolder(staging);
  for (const step of plan.steps) {
    if (!(await writeSegment(place, step, join(folder, step.name)))) {
      throw new RestoreRefused(`WAL segment ${step.name} is gone from the store since the restore was planned`);
    }
    staging.onBytes(place.segmentSize);
  }
  for (const { timeline } of plan.lineage) {
    const history = timeline === 1 ? undefined : await readHistory(place.root, place.systemId, timeline);
    if (history !== undefined) {
      await writeFile(join(folder, historyName(timeline)), history, { mode: 0o600 });
    }
  }
}

async function writeRecoverySettings(staging: Staging): Promise<void> {
  const { directory, plan } = staging;
  const standby = staging.standby === true;
  const autoConfPath = join(directory, 'postgresql.auto.conf');
  const confPath = join(directory, 'postgresql.conf');
  const conf = await textOrEmpty(confPath);
  const cleaned = withoutRecoveryTargets(conf);
  if (cleaned !== conf) {
    await writeFile(confPath, cleaned, { mode: 0o600 });
  }
  const text = withRecoverySettings(await textOrEmpty(autoConfPath), cleaned, {
    restoreCommand: staging.restoreCommand ?? everythingIsInPgWal,
    timeline: 'latest',
    // At a target a standby, too, would be promoted.
    target: standby ? null : (plan.target ?? endTarget(plan.lastRecord)),
    atLeast: plan.backup.settings,
    occasion: `when base backup ${plan.backup.id} was restored`,
  });
  await writeFile(autoConfPath, text, { mode: 0o600 });
  // Signal files and a postmaster's pid of the server that was backed up have no say here.
  for (const name of ['standby.signal', 'recovery.signal', 'postmaster.pid', 'recovery.conf']) {
    await rm(join(directory, name), { force: true });
  }
  await writeFile(join(directory, standby ? 'standby.signal' : 'recovery.signal'), '', { mode: 0o600 });
  await writeFile(join(directory, restoreRecordName), restoreRecordText(staging.record), { mode: 0o600 });
}

/** Some images keep postgresql.conf outside PGDATA. */
async function textOrEmpty(path: string): Promise<string> {
  return (await stat(path).then(
    () => true,
    (error: unknown) => {
      if (errorCode(error) === 'ENOENT') {
        return false;
      }
      throw error;
    },
  ))
    ? readFile(path, 'utf8')
    : '';
}
