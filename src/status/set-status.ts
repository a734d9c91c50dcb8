import type { AgentReport } from '../agent/report.ts';
import { answerText } from './agent-answer.ts';
import type { AgentAnswer } from './agent-answer.ts';
import type { ManagedSet } from './managed-set.ts';

export interface SetStatus {
  readonly namespace: string;
  readonly name: string;
  /** A volume that is lost now comes back with everything up to a second ago, and somebody takes writes. */
  readonly safe: boolean;
  /** Why it is not safe, a sentence each. */
  readonly reasons: readonly string[];
  /** What to look at when there is time. */
  readonly warnings: readonly string[];
  readonly pods: { readonly ready: number; readonly wanted: number };
  readonly primary: string | null;
  readonly timeline: number | null;
  readonly injection: { readonly version: string | null; readonly stale: boolean };
  readonly recoverable: AgentReport['recoverable'];
  readonly backups: AgentReport['backups'] | null;
  /** Null: nobody knows of any. */
  readonly dumps: NonNullable<AgentReport['dumps']> | null;
  readonly wal: AgentReport['wal'] | null;
  readonly store: AgentReport['store'] | null;
  /** Of a standby that follows another set's backups, the one that is farthest behind. */
  readonly archive: NonNullable<AgentReport['archive']> | null;
}

/** Less than a tenth of the store: the next base backup may not fit. */
const leastFree = 0.1;

/** Facts to reasons. `answers` by pod; `version`: that of whoever asks. */
export function setStatus(set: ManagedSet, answers: ReadonlyMap<string, AgentAnswer>, version: string): SetStatus {
  const reports = set.pods.flatMap((pod) => {
    const answer = answers.get(pod);
    return answer?.kind === 'report' ? [{ pod, report: answer.report }] : [];
  });
  const primaries = reports.filter(({ report }) => report.server.kind === 'primary');
  const leading = primaries[0] ?? (set.role === 'standby' ? reports[0] : undefined);
  const reasons = [
    ...injectionReasons(set),
    ...podReasons(set),
    ...(set.replicas === 0 || set.agentPort === null ? [] : primaryReasons(set, primaries, answers)),
    ...(primaries[0]?.report.reasons ?? []),
    ...(primaries.length === 0 && set.role === 'standby' ? standbyReasons(reports) : []),
  ];
  return {
    namespace: set.namespace,
    name: set.name,
    safe: reasons.length === 0,
    reasons,
    warnings: [...silent(set, answers), ...(leading === undefined ? [] : storeWarnings(leading.report))],
    pods: { ready: set.ready, wanted: set.replicas },
    primary: primaries[0]?.pod ?? null,
    timeline: primaries[0]?.report.server.timeline ?? null,
    injection: { version: set.version, stale: set.version !== null && set.version !== version },
    recoverable: leading?.report.recoverable ?? null,
    backups: leading?.report.backups ?? null,
    dumps: leading?.report.dumps ?? null,
    wal: leading?.report.wal ?? null,
    store: leading?.report.store ?? null,
    archive: reports
      .flatMap(({ report }) => report.archive ?? [])
      .reduce<SetStatus['archive']>(
        (most, next) => (most === null || next.lagSeconds > most.lagSeconds ? next : most),
        null,
      ),
  };
}

function injectionReasons({ version, agentPort }: ManagedSet): readonly string[] {
  if (version === null) {
    return ['nothing is injected: it was labelled while the webhook did not answer. Apply it again'];
  }
  return agentPort === null ? ['no agent is injected: no volume covers PGDATA, see the warnings of pgusher check'] : [];
}

function podReasons({ replicas, ready }: ManagedSet): readonly string[] {
  if (replicas === 0) return ['it is scaled to 0'];
  return ready < replicas ? [`${String(ready)} of ${String(replicas)} pods are Ready`] : [];
}

/** A set of standbys has nothing to restore: it is as good as what it follows. */
function standbyReasons(reports: readonly { readonly pod: string; readonly report: AgentReport }[]): readonly string[] {
  return reports.flatMap(({ pod, report }) =>
    report.reasons
      .filter((reason) => reason.startsWith('standby: ') || reason.startsWith('archive: '))
      .map((reason) => `${pod}: ${reason.slice(reason.indexOf(' ') + 1)}`),
  );
}

function primaryReasons(
  set: ManagedSet,
  primaries: readonly { readonly pod: string }[],
  answers: ReadonlyMap<string, AgentAnswer>,
): readonly string[] {
  if (primaries.length > 1) {
    return [
      `${primaries.map(({ pod }) => pod).join(' and ')} take writes at the same time; wanted one primary. Stop all but one at once`,
    ];
  }
  if (primaries.length === 1 || set.role === 'standby') return [];
  const told = set.pods.map((pod) => `${pod}: ${answerText(answers.get(pod))}`);
  return [`no pod is known to take writes (${told.join('; ')})`];
}

/** Agents that did not answer, where another one did. */
function silent(set: ManagedSet, answers: ReadonlyMap<string, AgentAnswer>): readonly string[] {
  return set.pods.flatMap((pod) => {
    const answer = answers.get(pod);
    return answer === undefined || answer.kind === 'report' ? [] : [`${pod}: ${answerText(answer)}`];
  });
}

function storeWarnings({ store, backups }: AgentReport): readonly string[] {
  return [
    ...(store.total > 0 && store.free < store.total * leastFree
      ? [`the store has ${String(Math.floor((store.free / store.total) * 100))} % left`]
      : []),
    ...(backups.newest?.verified === false ? ['the newest base backup is not verified'] : []),
  ];
}
