import { join } from 'node:path';
import type { AgentContract } from '../contract.ts';
import type { DataVolumePaths } from '../decision/data-volume-paths.ts';
import type { Log } from '../log.ts';
import { clearStaging } from '../restore/move-into-place.ts';
import { RestoreRefused } from '../restore/restore-plan.ts';
import { addressText } from '../restore/set-pods.ts';
import { copyPrimary, NoRoomForCopy, prepareUpstream } from '../restore/standby.ts';
import type { Upstream } from '../restore/standby.ts';
import { readReplicationLogin } from '../restore/replication-login.ts';
import { currentRecord } from '../standby/other-primary.ts';
import { formatBytes } from '../store/free-space.ts';
import { isThere } from '../store/is-there.ts';
import { cloneTree } from './clone-tree.ts';
import type { RebuildEdges, RebuildJudgement } from './judge-rebuild.ts';
import { hasRoom, judgeRebuild, noRoom } from './judge-rebuild.ts';
import { endRebuildOrder, readRebuildOrder, readRebuildOutcome, writeRebuildOutcome } from './rebuild-order.ts';
import type { RebuildOrder, RebuildOutcome } from './rebuild-order.ts';
import {
  endReplacing,
  finishReplacing,
  forgetReplaced,
  moveAside,
  moveToStaging,
  replaceData,
} from './replace-data.ts';
import { readyForRewind, rewind } from './rewind.ts';

export interface RebuildSurroundings extends RebuildEdges {
  readonly shared: string;
  readonly liveSettings: string;
  readonly primaryPatienceMs: number;
  readonly log: Log;
}

interface Rebuild {
  readonly contract: AgentContract;
  readonly surroundings: RebuildSurroundings;
  readonly paths: DataVolumePaths;
}

/**
 * The first thing of a start, before PGDATA is judged: what an earlier start began to replace is replaced to its end, and an order that waits is
 * carried out. Nothing where there is none. @throws RestoreRefused where the order stands and cannot be carried out now.
 */
export async function carryOutRebuild(rebuild: Rebuild): Promise<void> {
  const { paths, surroundings } = rebuild;
  const order = await readRebuildOrder(paths);
  if (await isThere(paths.replacing)) {
    if (order !== null) {
      await finishReplacing(paths, rebuild.contract.dataDirectory, order.id);
      await endRebuildOrder(paths, inPlace(order));
    }
    await endReplacing(paths);
    return;
  }
  if (order === null) {
    return;
  }
  const before = await readRebuildOutcome(paths);
  if (before?.id === order.id && before.state !== 'trouble' && before.state !== 'under-way') {
    await endRebuildOrder(paths, before);
    return;
  }
  if (order.discard && (await isThere(join(paths.replaced, order.id)))) {
    await discardOld(rebuild, order);
    return;
  }
  const obsolete = await whyObsolete(rebuild, order);
  await (obsolete === null
    ? carryOut(rebuild, order, await judgeRebuild(rebuild.contract, surroundings, order))
    : giveUp(rebuild, order, obsolete));
}

async function carryOut(rebuild: Rebuild, order: RebuildOrder, judgement: RebuildJudgement): Promise<void> {
  const { contract, surroundings, paths } = rebuild;
  switch (judgement.kind) {
    case 'never':
      await giveUp(rebuild, order, judgement.reason);
      return;
    case 'not-now':
      throw await trouble(rebuild, order, judgement.reason);
    case 'empty':
      await endRebuildOrder(paths, {
        id: order.id,
        state: 'in-place',
        words: `PGDATA is empty: ${order.primary} is copied`,
      });
      return;
    case 'possible':
      surroundings.log.warn(
        { primary: order.primary, since: order.since, discard: order.discard },
        'rebuilding: this pod becomes a copy of the primary',
      );
      await clearStaging(paths);
      await writeRebuildOutcome(paths, { id: order.id, state: 'under-way', words: `copying ${order.primary}` });
      try {
        if (!(await isRewound(rebuild, order, judgement))) {
          if (order.discard) {
            await discardOld(rebuild, order);
            return;
          }
          await copyBeside(rebuild, judgement);
        }
      } catch (error) {
        if (error instanceof NoRoomForCopy) {
          await clearStaging(paths);
          await giveUp(rebuild, order, noRoom(surroundings.pod, order.primary, judgement.room));
          return;
        }
        throw error instanceof RestoreRefused ? await trouble(rebuild, order, error.message) : error;
      }
      await replaceData(paths, contract.dataDirectory, order.id);
      await endRebuildOrder(paths, inPlace(order));
      await endReplacing(paths);
  }
}

type Possible = Extract<RebuildJudgement, { kind: 'possible' }>;

/**
 * In staging/, by pg_rewind: of a copy of the old data, or, where a person gave that up, of the old data itself. Whatever does not hold or fails is a
 * reason for a whole copy of the primary.
 */
async function isRewound(rebuild: Rebuild, order: RebuildOrder, possible: Possible): Promise<boolean> {
  const { contract, surroundings, paths } = rebuild;
  const { log } = surroundings;
  if (possible.rewind.kind === 'not') {
    log.info(`not rewound, ${order.primary} is copied whole: ${possible.rewind.reasons.join('; ')}`);
    return false;
  }
  try {
    const rewinding = {
      ...(await upstreamOf(rebuild, possible)),
      judgement: possible.rewind,
      segmentSize: possible.segmentSize,
    };
    await readyForRewind(rewinding);
    if (order.discard) {
      await moveToStaging(paths, contract.dataDirectory, order.id);
    } else {
      await cloneTree(contract.dataDirectory, paths.staging);
    }
    const bytes = await rewind({ ...rewinding, directory: paths.staging });
    log.info(`rewound: ${formatBytes(bytes)} came from ${order.primary}`);
    return true;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    log.warn({ err: error }, `not rewound, ${order.primary} is copied whole: ${said}`);
    await clearStaging(paths);
    return false;
  }
}

async function copyBeside(rebuild: Rebuild, possible: Possible): Promise<void> {
  if (!hasRoom(possible.room)) {
    throw new NoRoomForCopy('only what is rewound has room');
  }
  const { upstream, password } = await upstreamOf(rebuild, possible);
  await copyPrimary(upstream, password, rebuild.paths.staging, rebuild.surroundings.primaryPatienceMs);
}

async function upstreamOf(
  { contract, surroundings }: Rebuild,
  { address }: Possible,
): Promise<{ readonly upstream: Upstream; readonly password: string }> {
  const { pod, replicationSecret, shared } = surroundings;
  const upstream = await prepareUpstream(contract, addressText(address), pod, replicationSecret, shared);
  const { password } = await readReplicationLogin(replicationSecret);
  return { upstream, password };
}

/** A person gave it up. PGDATA is empty then, and the same start copies the primary that the record names. */
async function discardOld({ contract, surroundings, paths }: Rebuild, order: RebuildOrder): Promise<void> {
  await clearStaging(paths);
  await moveAside(paths, contract.dataDirectory, order.id);
  await forgetReplaced(paths);
  surroundings.log.warn('the old data is removed, as --discard says');
  await endRebuildOrder(paths, {
    id: order.id,
    state: 'in-place',
    words: `the old data is removed, and ${order.primary} is copied`,
  });
}

/** Who is primary may have changed since the order was left. */
async function whyObsolete(rebuild: Rebuild, order: RebuildOrder): Promise<string | null> {
  const { contract, surroundings } = rebuild;
  const record = await currentRecord(contract, surroundings);
  if (record.kind !== 'record') {
    const seen = record.kind === 'none' ? 'nothing says who is primary' : record.reason;
    throw await trouble(
      rebuild,
      order,
      `${seen}; wanted it written down: \`pgusher promote ${contract.set} --record ${order.primary}\``,
    );
  }
  return record.record.primary === order.primary
    ? null
    : `${record.record.primary} is primary since ${record.record.since}`;
}

function inPlace(order: RebuildOrder): RebuildOutcome {
  return {
    id: order.id,
    state: 'in-place',
    words: `a copy of ${order.primary} is in place; the old data is kept until it streams`,
  };
}

/** PGDATA is as it was, and the start goes on with it. */
async function giveUp({ paths, surroundings }: Rebuild, order: RebuildOrder, words: string): Promise<void> {
  surroundings.log.error(`the order of ${order.since} to copy ${order.primary} anew is given up: ${words}`);
  await endRebuildOrder(paths, { id: order.id, state: 'given-up', words });
}

/** The order stands. */
async function trouble({ paths }: Rebuild, order: RebuildOrder, words: string): Promise<RestoreRefused> {
  await writeRebuildOutcome(paths, { id: order.id, state: 'trouble', words });
  return new RestoreRefused(`rebuilding: ${words}`);
}
