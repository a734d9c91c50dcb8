import type { RebuildAnswer } from '../agent/rebuild/rebuild-commands.ts';
import type { RebuildOrder, RebuildOutcome } from '../agent/rebuild/rebuild-order.ts';
import { parsePrimaryRecord } from '../agent/decision/primary-record.ts';
import { positionOf } from './pod-agent.ts';
import type { PromotionCluster } from './promotion.ts';
import { SetCommandRefused } from './set-command.ts';

/** The set as `pgusher rebuild` needs it. */
export interface RebuildCluster extends Pick<PromotionCluster, 'pods' | 'agent' | 'record'> {
  /** The StatefulSet makes it again, and its start passes pgusher-restore. */
  deletePod(pod: string): Promise<void>;
}

export interface RebuildRequest {
  readonly pod: string;
  readonly discard: boolean;
  readonly dryRun: boolean;
  readonly say: (line: string) => void;
  /** Between two looks at a copy that is under way. */
  readonly pause: () => Promise<void>;
}

/** Of the StatefulSet that a pod belongs to. */
export function setOfPod(pod: string): string {
  const set = /^(.+)-\d+$/.exec(pod)?.[1];
  if (set === undefined) {
    throw new SetCommandRefused(`"${pod}" is no pod of a StatefulSet; wanted <set>-<number>, such as orders-0`);
  }
  return set;
}

/**
 * An old primary, or a standby that can never stream again, becomes a standby anew: look → order, left on the pod's data volume → the pod is
 * deleted, and its start carries the order out → wait until it streams. Cut off anywhere and run again, it ends in the same state.
 */
export async function rebuild(cluster: RebuildCluster, request: RebuildRequest): Promise<void> {
  const { pod, say } = request;
  const set = setOfPod(pod);
  const pods = await cluster.pods();
  if (!pods.includes(pod)) {
    throw new SetCommandRefused(
      `there is no pod ${pod}; wanted one of ${pods.join(', ') || `none: ${set} has no pods`}`,
    );
  }
  const primary = await recordedPrimary(cluster, set);
  if (primary === pod) {
    throw new SetCommandRefused(
      `the record says that ${pod} is the primary; its data is nobody's copy. Where another one shall be primary: \`pgusher promote ${set} POD\` first`,
    );
  }
  await refuseWriters(cluster, pod, primary);
  const flags = request.discard ? ['--discard'] : [];
  const plan = await planned(cluster, pod, ['rebuild', primary, ...flags, '--check']);
  const steps = plan.steps.map((step) => `at its start: ${step}`);
  if (request.dryRun) {
    for (const line of [`leave the order with ${pod}`, `delete pod ${pod}: its set makes it again`, ...steps]) {
      say(`would: ${line}`);
    }
    for (const note of plan.notes ?? []) {
      say(note);
    }
    return;
  }
  say(`leave the order with ${pod}`);
  const { id, underWay } = await planned(cluster, pod, ['rebuild', primary, ...flags]);
  if (underWay) {
    say(`${pod} carries out the same order already: it is left alone`);
  } else {
    say(`delete pod ${pod}: its set makes it again`);
    await cluster.deletePod(pod);
  }
  for (const line of [...steps, ...(plan.notes ?? [])]) {
    say(line);
  }
  if (id !== null) {
    await untilStreams(cluster, request, id);
  }
}

async function recordedPrimary(cluster: RebuildCluster, set: string): Promise<string> {
  const record = parsePrimaryRecord((await cluster.record()).values, set);
  if (record.kind === 'record') {
    return record.record.primary;
  }
  throw new SetCommandRefused(
    `${record.kind === 'none' ? `no record says who is primary of ${set}` : record.reason}; nobody's data is given up on a guess. Write it down: \`pgusher promote ${set} --record POD\``,
  );
}

async function refuseWriters(cluster: RebuildCluster, pod: string, primary: string): Promise<void> {
  const [own, other] = await Promise.all([positionOf(cluster, pod), positionOf(cluster, primary)]);
  if (own?.takesWrites === true) {
    throw new SetCommandRefused(
      `${pod} takes writes; wanted a standby, or an old primary that is down. If it is the primary: \`pgusher promote ${setOfPod(pod)} --record ${pod}\`; if not, stop it first`,
    );
  }
  if (other === null) {
    throw new SetCommandRefused(
      `the primary ${primary} does not answer; wanted it running: it is what ${pod} becomes a copy of. Nothing was changed`,
    );
  }
  if (!other.takesWrites) {
    throw new SetCommandRefused(
      `the record names ${primary} as primary, but its server is a standby; wanted one that takes writes. Nothing was changed`,
    );
  }
}

/** The pod does it by itself from here on; a person who does not wait loses nothing. */
async function untilStreams(cluster: RebuildCluster, { pod, say, pause }: RebuildRequest, id: string): Promise<void> {
  let said = '';
  const tell = (line: string): void => {
    if (line !== said) {
      say(line);
      said = line;
    }
  };
  tell(`${pod} goes on by itself; this command waits until it streams`);
  for (;;) {
    // Between two lives of the pod, nothing answers.
    const answer = await cluster.agent(pod, ['rebuilding']).catch(() => null);
    const state = answer?.code === 0 ? (JSON.parse(answer.out) as State) : null;
    const outcome = state?.outcome?.id === id ? state.outcome : null;
    if (outcome?.state === 'streams') {
      tell(`${pod}: ${outcome.words}`);
      return;
    }
    if (outcome?.state === 'given-up') {
      throw new SetCommandRefused(`${pod}: ${outcome.words}`);
    }
    if (outcome !== null) {
      tell(`${pod}: ${outcome.words}`);
    }
    await pause();
  }
}

interface State {
  readonly order: RebuildOrder | null;
  readonly outcome: RebuildOutcome | null;
}

async function planned(cluster: RebuildCluster, pod: string, args: readonly string[]): Promise<RebuildAnswer> {
  const answer = await cluster.agent(pod, args);
  if (answer.code !== 0) {
    throw new SetCommandRefused(answer.error.trim());
  }
  return JSON.parse(answer.out) as RebuildAnswer;
}
