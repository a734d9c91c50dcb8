import { randomUUID } from 'node:crypto';
import type { AgentContract } from '../contract.ts';
import { dataVolumePaths } from '../decision/data-volume-paths.ts';
import { currentRecord } from '../standby/other-primary.ts';
import { withLocalServer } from '../standby/local-server.ts';
import type { StandbyEdges } from '../standby/local-server.ts';
import { formatBytes } from '../store/free-space.ts';
import type { RebuildEdges, RebuildJudgement } from './judge-rebuild.ts';
import { judgeRebuild } from './judge-rebuild.ts';
import { readRebuildOrder, readRebuildOutcome, writeRebuildOrder } from './rebuild-order.ts';
import type { RebuildOrder, RebuildOutcome } from './rebuild-order.ts';

export interface RebuildRequest {
  /** Null: whom the record in this pod names. */
  readonly primary: string | null;
  readonly discard: boolean;
  /** Look only. */
  readonly check: boolean;
}

/** What `pgusher rebuild` learns: one line of JSON. */
export interface RebuildAnswer {
  /** Of the order; null where only was looked, or nothing is to be done before the pod starts anew. */
  readonly id: string | null;
  readonly primary: string;
  /** The same order was left before, and a start of the pod carries it out: to start it anew would begin from nothing. */
  readonly underWay: boolean;
  /** What the next start will do, a step each. */
  readonly steps: readonly string[];
  /** What a person may want to know of them; an agent of an earlier version has none. */
  readonly notes?: readonly string[];
}

/** `pgusher-agent rebuild [PRIMARY]`: leaves the order for the next start of this pod. @throws why it is refused. */
export async function rebuildHere(
  contract: AgentContract,
  edges: StandbyEdges & RebuildEdges & { readonly liveSettings: string },
  request: RebuildRequest,
): Promise<RebuildAnswer> {
  const { pod } = edges;
  const primary = request.primary ?? (await recordedPrimary(contract, edges));
  if (await takesWrites(contract, edges)) {
    throw new Error(
      `the server of ${pod} takes writes; wanted a standby, or an old primary that is down. \`pgusher promote ${contract.set} --fence\` stops it`,
    );
  }
  const judgement = await judgeRebuild(contract, edges, { primary, discard: request.discard });
  switch (judgement.kind) {
    case 'never':
    case 'not-now':
      throw new Error(judgement.reason);
    case 'empty':
      return { id: null, primary, underWay: false, steps: [`PGDATA is empty: copy ${primary}`] };
    case 'possible': {
      const order = request.check ? null : await leaveOrder(contract, primary, request.discard);
      return {
        id: order?.id ?? null,
        primary,
        underWay: order !== null && (await isUnderWay(contract, order.id)),
        steps: stepsOf(judgement, primary, request.discard),
        notes:
          judgement.rewind.kind === 'not' ? judgement.rewind.reasons.map((reason) => `no pg_rewind: ${reason}`) : [],
      };
    }
  }
}

function stepsOf(
  { room, rewind }: Extract<RebuildJudgement, { kind: 'possible' }>,
  primary: string,
  discard: boolean,
): readonly string[] {
  const size = formatBytes(room.needed);
  const free = `of ${formatBytes(room.free)} free`;
  if (discard) {
    return rewind.kind === 'possible'
      ? [`rewind the old data itself to ${primary}; where that fails, remove it, and copy ${primary} (${size})`]
      : ['remove the old data', `copy ${primary} (${size})`];
  }
  return [
    rewind.kind === 'possible'
      ? `rewind a ${rewind.clones ? 'clone' : 'copy'} of the old data to ${primary}; where that fails, copy ${primary} beside it (${size}, ${free})`
      : `copy ${primary} beside the old data (${size}, ${free})`,
    'move the old data aside, and the copy in its place',
    'remove the old data once the copy streams',
  ];
}

/** One that is there already for the same is the same order: it may be under way. */
async function leaveOrder(contract: AgentContract, primary: string, discard: boolean): Promise<RebuildOrder> {
  const paths = dataVolumePaths(contract.dataMount);
  const before = await readRebuildOrder(paths);
  if (before?.primary === primary && before.discard === discard) {
    return before;
  }
  const order = { id: randomUUID(), primary, discard, since: new Date().toISOString() };
  await writeRebuildOrder(paths, order);
  return order;
}

async function isUnderWay({ dataMount }: AgentContract, id: string): Promise<boolean> {
  const outcome = await readRebuildOutcome(dataVolumePaths(dataMount));
  return outcome?.id === id && outcome.state === 'under-way';
}

/** `pgusher-agent rebuilding`: the order that waits, and what became of the last one. */
export async function rebuildState(
  contract: AgentContract,
): Promise<{ readonly order: RebuildOrder | null; readonly outcome: RebuildOutcome | null }> {
  const paths = dataVolumePaths(contract.dataMount);
  const [order, outcome] = await Promise.all([readRebuildOrder(paths), readRebuildOutcome(paths)]);
  return { order, outcome };
}

async function recordedPrimary(
  contract: AgentContract,
  edges: { readonly liveSettings: string; readonly shared: string },
): Promise<string> {
  const record = await currentRecord(contract, edges);
  if (record.kind !== 'record') {
    throw new Error(
      `${record.kind === 'none' ? 'nothing says who is primary' : record.reason}; wanted it written down: \`pgusher promote ${contract.set} --record POD\``,
    );
  }
  return record.record.primary;
}

/** A server that does not answer takes none: it stopped at its start, or is starting, and is asked for again by that start. */
async function takesWrites(contract: AgentContract, edges: StandbyEdges): Promise<boolean> {
  return withLocalServer(contract, edges, async (_, own) => own.takesWrites).catch(() => false);
}
