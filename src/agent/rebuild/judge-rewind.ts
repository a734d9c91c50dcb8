import { join } from 'node:path';
import type { AgentContract } from '../contract.ts';
import type { DataDirectoryState } from '../decision/data-directory-state.ts';
import { dataVolumePaths } from '../decision/data-volume-paths.ts';
import type { Relation } from '../decision/timeline-relation.ts';
import type { Lineage } from '../restore/lineage.ts';
import type { Credentials } from '../server-connection/credentials.ts';
import type { ServerAddress } from '../server-connection/server-address.ts';
import { connectAsReplication } from '../server-connection/server-connection.ts';
import { formatBytes } from '../store/free-space.ts';
import { storeRoot } from '../store/layout.ts';
import { clonesFiles } from './clone-tree.ts';
import { pgRewindOf, runPgRewind } from './pg-rewind.ts';
import type { RewindSource } from './pg-rewind.ts';
import { besides, bytesIn } from './room.ts';
import { hasSegment, notInStore, segmentNotFound } from './wal-before-fork.ts';
import type { WalBeforeFork } from './wal-before-fork.ts';

export interface RewindQuestion {
  readonly contract: AgentContract;
  readonly data: Extract<DataDirectoryState, { kind: 'VALID' }>;
  readonly relation: Relation;
  readonly primary: string;
  readonly address: ServerAddress;
  readonly lineage: Lineage;
  /** Of this pod, from the user's own Secret; the replication login gets no right for this. */
  readonly superuser: Credentials;
  readonly free: number;
  /** The old data itself is rewound: no room for two is wanted. */
  readonly discard: boolean;
}

export type RewindJudgement =
  | {
      readonly kind: 'possible';
      readonly program: string;
      readonly source: RewindSource;
      readonly lineage: Lineage;
      /** Null: this pod has no store, or nobody knows where the fork is. */
      readonly walBefore: WalBeforeFork | null;
      /** A copy of the old data beside it takes no room until it is written. */
      readonly clones: boolean;
    }
  /** A sentence for each condition that does not hold. */
  | { readonly kind: 'not'; readonly reasons: readonly string[] };

/**
 * Whether the old data can be taken back to where it left the primary's timeline, and brought forward from there by what changed only (PostgreSQL
 * manual, pg_rewind). Looks, and changes nothing; where nothing else stands in the way pg_rewind itself is asked.
 */
export async function judgeRewind(question: RewindQuestion): Promise<RewindJudgement> {
  const { contract, data, relation, primary, lineage } = question;
  if (relation.kind !== 'diverged') {
    return { kind: 'not', reasons: ['the old data has not diverged, so there is nothing to take back'] };
  }
  const program = await pgRewindOf(data.major);
  const clones = await clonesFiles(contract.dataDirectory, dataVolumePaths(contract.dataMount));
  const source = await sourceOf(question);
  const reasons = [
    ...(program === null ? [`the agent image has no pg_rewind of PostgreSQL ${data.major}`] : []),
    ...(data.control.hintBitsLogged
      ? []
      : [
          'the old data has neither data checksums nor wal_log_hints, so its WAL does not name every page that it changed',
        ]),
    ...('reason' in source ? [`the files of ${primary} cannot be read there: ${source.reason}`] : []),
    ...(await noRoomBeside(question, clones)),
  ];
  if (program === null || 'reason' in source || reasons.length > 0) {
    return { kind: 'not', reasons };
  }
  const walBefore =
    contract.store === null || relation.at === null
      ? null
      : {
          place: {
            root: storeRoot(contract.store),
            systemId: data.control.systemId,
            segmentSize: data.control.segmentSize,
          },
          fork: relation.at,
        };
  // One that was not shut down is recovered first, which a look does not do.
  const refusal = data.control.shutDown ? await refusalOf(program, contract.dataDirectory, source, walBefore) : null;
  return refusal === null
    ? { kind: 'possible', program, source, lineage, walBefore, clones }
    : { kind: 'not', reasons: [refusal] };
}

async function refusalOf(
  program: string,
  dataDirectory: string,
  source: RewindSource,
  walBefore: WalBeforeFork | null,
): Promise<string | null> {
  try {
    await runPgRewind(program, dataDirectory, source, ['--dry-run']);
    return null;
  } catch (error) {
    const missing = segmentNotFound(error);
    if (missing === null) {
      return error instanceof Error ? error.message : String(error);
    }
    // A look puts nothing into PGDATA.
    return walBefore !== null && (await hasSegment(walBefore, missing)) ? null : notInStore(missing);
  }
}

async function sourceOf({ address, superuser }: RewindQuestion): Promise<RewindSource | { readonly reason: string }> {
  const attempt = await connectAsReplication(address, superuser);
  if (attempt.kind !== 'connected') {
    return { reason: attempt.kind === 'absent' ? 'nothing listens there' : attempt.message };
  }
  const { connection } = attempt;
  try {
    const [role] = await connection.query<{ rolsuper: boolean }>(
      'SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user',
    );
    return role?.rolsuper === true
      ? { address, superuser, database: connection.database }
      : { reason: `${superuser.user} is no superuser` };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  } finally {
    await connection.close();
  }
}

async function noRoomBeside({ contract, free, discard }: RewindQuestion, clones: boolean): Promise<readonly string[]> {
  if (discard) {
    return [];
  }
  const { dataDirectory } = contract;
  const needed =
    besides + (clones ? 0 : (await bytesIn(dataDirectory)) + (await bytesIn(join(dataDirectory, 'pg_wal'))));
  return needed <= free
    ? []
    : [
        `a copy of the old data beside it takes ${formatBytes(needed)}, and the data volume has ${formatBytes(free)} free`,
      ];
}
