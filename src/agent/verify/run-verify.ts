import { storeSystem } from '../list/list-backups.ts';
import type { Print } from '../print.ts';
import { latestLineage } from '../restore/lineage.ts';
import { readStoreWal } from '../restore/store-wal.ts';
import type { WalPlace } from '../restore/segment-file.ts';
import { walRoute } from '../restore/wal-route.ts';
import { baseBackupDirectory, readBaseBackups } from '../store/base-backups.ts';
import type { BaseBackupRecord } from '../store/layout.ts';
import { parseSegment } from '../store/wal-name.ts';
import { startScratch } from './start-scratch.ts';
import { verifyBaseBackup } from './verify-base-backup.ts';

export interface VerifyOptions {
  /** `<mount>/<prefix>` */
  readonly root: string;
  /** Id of a base backup; null: all. */
  readonly backup: string | null;
  /** Also restore into a directory below this one, start a server there and let pg_amcheck read it; null: do not. */
  readonly scratch: string | null;
  /** A superuser of the database, for pg_amcheck. */
  readonly user: string;
}

/**
 * `pgusher-agent verify [ID] [--start]`: each base backup against its manifest, and its WAL without a hole to the end.
 * Changes nothing in the store.
 * @returns the exit code: 0 all good; 1 something is not, or there is nothing to verify.
 */
export async function runVerify(options: VerifyOptions, print: Print): Promise<number> {
  try {
    const systemId = await storeSystem(options.root);
    const { complete, damaged } =
      systemId === null ? { complete: [], damaged: [] } : await readBaseBackups(options.root, systemId);
    const chosen = complete.filter((record) => options.backup === null || record.id === options.backup);
    const [first] = chosen;
    damaged.forEach((backup) => {
      print.error(`${backup.id}: DAMAGED: ${backup.reason}`);
    });
    if (first === undefined || systemId === null) {
      print.error(
        options.backup === null
          ? `there is no base backup in ${options.root}`
          : `there is no base backup ${options.backup} in ${options.root}; wanted an id as \`list\` prints it`,
      );
      return 1;
    }
    const place: WalPlace = { root: options.root, systemId, segmentSize: first.segmentSize };
    let bad = damaged.length;
    for (const record of chosen) {
      const problems = await problemsOf(place, complete, record);
      problems.forEach((problem) => {
        print.error(`${record.id}: NOT GOOD: ${problem}`);
      });
      bad += problems.length;
      if (problems.length === 0) {
        print.out(`${record.id}: every file and every WAL segment behind it is there and as it was`);
      }
    }
    if (bad === 0 && options.scratch !== null) {
      const record = chosen.at(-1) ?? first;
      await startScratch({
        place,
        backups: complete,
        record,
        scratch: options.scratch,
        user: options.user,
        note: (line) => {
          print.out(line);
        },
      });
    }
    return bad === 0 ? 0 : 1;
  } catch (error) {
    print.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

async function problemsOf(
  place: WalPlace,
  all: readonly BaseBackupRecord[],
  record: BaseBackupRecord,
): Promise<string[]> {
  const files = await verifyBaseBackup(baseBackupDirectory(place.root, record), record);
  const wal = await readStoreWal(place);
  const lineage = await latestLineage(
    place.root,
    place.systemId,
    wal,
    all.map((backup) => backup.timeline),
  );
  const route = walRoute(wal, lineage, parseSegment(record.startSegment, place.segmentSize).number, place.segmentSize);
  return [
    ...files,
    ...(route.steps.length === 0 ? [`its first WAL segment ${record.startSegment} is missing`] : []),
    ...(route.gap === null
      ? []
      : [`WAL segment ${route.gap.missing} is missing, and ${route.gap.evidence} is behind it`]),
  ];
}
