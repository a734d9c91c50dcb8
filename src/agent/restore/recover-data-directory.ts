import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory, writeDurably } from '../store/durable-file.ts';
import { endTarget } from './end-target.ts';
import { withRecoverySettings } from './recovery-settings.ts';
import type { RestoreRecord } from './restore-record.ts';
import { readRestoreRecord, restoreRecordName, restoreRecordText } from './restore-record.ts';

/**
 * `catch-up`: archive recovery of PGDATA over all that the store has. `fork`: archive recovery that is given no segment, so that it
 * ends where PGDATA's own WAL does. Either ends on a new timeline (PostgreSQL manual, "Timelines"), whose number no timeline in the
 * store has, since the server asks for their history files.
 */
export type Recovery =
  { readonly how: 'catch-up'; readonly lastRecord: bigint | null } | { readonly how: 'fork'; readonly id: string };

export interface RecoveredDirectory {
  readonly dataDirectory: string;
  readonly restoreCommand: string;
  readonly namespace: string;
  readonly set: string;
  readonly now: Date;
}

/** Nothing of PGDATA is changed but its settings; the signal file comes last, so that a killed run has not begun. */
export async function recoverDataDirectory(directory: RecoveredDirectory, recovery: Recovery): Promise<void> {
  const { dataDirectory, restoreCommand } = directory;
  const settings = join(dataDirectory, 'postgresql.auto.conf');
  const before = await readFile(settings, 'utf8');
  const catchUp = recovery.how === 'catch-up';
  const lastRecord = catchUp ? recovery.lastRecord : null;
  await writeDurably(
    settings,
    withRecoverySettings(before, '', {
      restoreCommand: catchUp ? restoreCommand : historiesOnly(restoreCommand),
      timeline: catchUp ? 'latest' : 'current',
      target: endTarget(lastRecord),
      atLeast: {},
      occasion: catchUp ? 'to catch up: the data volume had gone back' : 'to fork: the data volume had gone back',
    }),
  );
  const record: RestoreRecord = {
    format: 1,
    restoreId: catchUp ? null : recovery.id,
    backup: 'none',
    target: null,
    restoredAt: directory.now.toISOString(),
    namespace: directory.namespace,
    set: directory.set,
    toEnd: lastRecord !== null,
  };
  await writeDurably(join(dataDirectory, restoreRecordName), restoreRecordText(record));
  await writeFile(join(dataDirectory, 'recovery.signal'), '', { mode: 0o600 });
  await syncDirectory(dataDirectory);
}

/**
 * A recovery to the end of the store's WAL that was cut off goes on to where that end is now: the volume may have been put back to
 * the middle of a recovery that was done long ago.
 */
export async function renewRecoveryEnd(dataDirectory: string, lastRecord: () => Promise<bigint | null>): Promise<void> {
  const record = await readRestoreRecord(dataDirectory);
  if (record?.toEnd !== true) {
    return;
  }
  const path = join(dataDirectory, 'postgresql.auto.conf');
  const text = await readFile(path, 'utf8');
  const target = endTarget(await lastRecord());
  const renewed =
    target === null ? text : text.replace(/^recovery_target_lsn = .*$/m, `recovery_target_lsn = '${target.value}'`);
  if (renewed !== text) {
    await writeDurably(path, renewed);
  }
}

/** The store's segments of this timeline are what was given up. */
function historiesOnly(restoreCommand: string): string {
  return `case %f in *.history) ${restoreCommand};; *) exit 1;; esac`;
}
