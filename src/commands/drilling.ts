import type { CountedTable } from '../agent/drill/count-rows.ts';
import type { TablesRead } from '../agent/drill/read-tables.ts';
import { drillPod } from '../drill/drill-pod.ts';
import type { Drill } from '../drill/drill-pod.ts';
import { compareTables, damages, isLost } from '../drill/drill-report.ts';
import type { DrillReport } from '../drill/drill-report.ts';
import { drillLabel, drillSet } from '../drill/drill-set.ts';
import { readDrillSource } from '../drill/drill-source.ts';
import { drillState } from '../drill/drill-state.ts';
import type { DrillTimes } from '../drill/drill-state.ts';
import { uninject } from '../pinning/uninject.ts';
import { numberAt, objectAt, objectsAt, textAt, textMapAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import type { AgentAnswer } from './promotion.ts';
import { SetCommandRefused } from './set-command.ts';

/** The cluster as `pgusher drill` needs it. */
export interface DrillCluster {
  /** The stored StatefulSet. */
  set(): Promise<JsonObject>;
  /** Null: there is none. */
  pod(name: string): Promise<JsonObject | null>;
  claim(name: string): Promise<JsonObject | null>;
  /** What the cluster would store, with everything that is injected; a string where it refuses. Nothing is stored. */
  admitted(set: JsonObject): Promise<JsonObject | string>;
  /** The claims are owned by the pod. */
  create(drill: Drill): Promise<void>;
  /** Returns when neither the pod nor its claims are there any more. */
  remove(pod: string, claims: readonly string[]): Promise<void>;
  /** Runs `pgusher-agent …` beside the server of a pod. */
  agent(pod: string, args: readonly string[]): Promise<AgentAnswer>;
}

export interface DrillRequest {
  readonly namespace: string;
  readonly set: string;
  /** Whose backups are restored. */
  readonly pod: string;
  readonly server: string;
  readonly compare: readonly string[];
  /** Seconds. */
  readonly limit: number;
  readonly now: () => Date;
  readonly say: (line: string) => void;
  readonly pause: () => Promise<void>;
  /** Aborted by Ctrl-C: what was made is removed, then `drill` throws. */
  readonly signal: AbortSignal;
}

/**
 * Look → ask the webhook what it would inject → make a pod of that on claims of its own → wait → read → remove. The set, its pods and its claims are read only.
 * @throws SetCommandRefused where nothing could be tried, or the restore failed; what was made is removed then, too.
 */
export async function drill(cluster: DrillCluster, request: DrillRequest): Promise<DrillReport> {
  const { say, set } = request;
  const planned = await plan(cluster, request);
  const name = textAt(objectAt(planned.pod, 'metadata'), 'name') ?? '';
  const claims = planned.claims.map((claim) => textAt(objectAt(claim, 'metadata'), 'name') ?? '');
  await makeRoom(cluster, request, name, claims);
  request.signal.throwIfAborted();
  const began = request.now();
  say(`${name}: made from the backups of ${request.pod}, on ${claims.join(', ')}; nothing of ${set} is touched`);
  try {
    await cluster.create(planned);
    const took = await untilReady(cluster, request, name);
    say(`${name}: takes connections, and every table is read`);
    const reading = performance.now();
    const read = await toldBy<TablesRead>(cluster, request, name, ['read-tables']);
    const readSeconds = (performance.now() - reading) / 1000;
    const counts = (pod: string): Promise<readonly CountedTable[]> =>
      toldBy<readonly CountedTable[]>(cluster, request, pod, ['count-rows', ...request.compare]);
    const compared = request.compare.length === 0 ? [] : compareTables(await counts(name), await counts(request.pod));
    return {
      namespace: request.namespace,
      set,
      pod: request.pod,
      began: began.toISOString(),
      took: { ...took, read: readSeconds },
      read,
      compared,
      ok: damages(read).length === 0 && !compared.some(isLost),
    };
  } finally {
    await cluster.remove(name, claims);
    say(`${name}: removed, with its claims`);
  }
}

async function plan(cluster: DrillCluster, request: DrillRequest): Promise<Drill> {
  const stored = await cluster.set();
  const source = readDrillSource(stored, request.pod);
  if (typeof source === 'string') throw new SetCommandRefused(`${request.set} cannot be drilled: ${source}`);
  const wanted = drillSet(uninject(stored, { isLive: false }).object, source);
  const injected = await cluster.admitted(wanted);
  if (typeof injected === 'string') {
    throw new SetCommandRefused(
      `the webhook refuses a set like ${request.set}, so that none can be tried: ${injected}`,
    );
  }
  const template = objectAt(objectAt(objectAt(injected, 'spec'), 'template'), 'spec');
  const named = objectsAt(template, 'volumes').flatMap((volume) => {
    const claim = textAt(objectAt(volume, 'persistentVolumeClaim'), 'claimName');
    return claim === undefined ? [] : [claim];
  });
  const existing = new Map<string, JsonObject>();
  for (const name of new Set([source.claim, ...named])) {
    const claim = await cluster.claim(name);
    if (claim !== null) existing.set(name, claim);
  }
  if (!existing.has(source.claim)) {
    throw new SetCommandRefused(`claim ${source.claim}, which holds the backups of ${request.pod}, is not there`);
  }
  const running = await cluster.pod(request.pod);
  const planned = drillPod(injected, {
    ...request,
    claim: source.claim,
    node: running === null ? null : (textAt(objectAt(running, 'spec'), 'nodeName') ?? null),
    existing,
  });
  if (typeof planned === 'string') throw new SetCommandRefused(`${request.set} cannot be drilled: ${planned}`);
  return planned;
}

/** One that was left by somebody who was killed is removed; one that goes on is left alone. */
async function makeRoom(
  cluster: DrillCluster,
  { set, now, say }: DrillRequest,
  name: string,
  claims: readonly string[],
): Promise<void> {
  const before = await cluster.pod(name);
  if (before === null) return;
  const metadata = objectAt(before, 'metadata');
  if (textMapAt(metadata, 'labels')[drillLabel] !== set) {
    throw new SetCommandRefused(`a pod ${name} is there, and it is none of a drill; wanted that name free`);
  }
  const phase = textAt(objectAt(before, 'status'), 'phase') ?? '';
  const age = (now().getTime() - Date.parse(textAt(metadata, 'creationTimestamp') ?? '')) / 1000;
  const limit = numberAt(objectAt(before, 'spec'), 'activeDeadlineSeconds') ?? 0;
  if (['Pending', 'Running'].includes(phase) && age < limit) {
    throw new SetCommandRefused(
      `a drill of ${set} is under way since ${String(Math.round(age))} s (pod ${name}); wanted one at a time. Where whoever began it was killed: kubectl delete pod ${name}, and its claims go with it`,
    );
  }
  say(`${name}: left by an earlier drill, removed`);
  await cluster.remove(name, claims);
}

async function untilReady(cluster: DrillCluster, request: DrillRequest, name: string): Promise<DrillTimes> {
  let said = '';
  for (;;) {
    request.signal.throwIfAborted();
    const pod = await cluster.pod(name);
    if (pod === null)
      throw new SetCommandRefused(`${name} was removed by somebody else; nothing is known of the backups`);
    const state = drillState(pod, request.server);
    switch (state.kind) {
      case 'ready':
        return state.took;
      case 'failed':
        throw new SetCommandRefused(`the restore failed: ${state.reason}`);
      case 'waits':
        if (state.what !== said) request.say(`${name} waits ${state.what}`);
        said = state.what;
    }
    await request.pause();
  }
}

/** @throws SetCommandRefused with what the agent said. */
async function toldBy<Answer>(
  cluster: DrillCluster,
  { signal }: DrillRequest,
  pod: string,
  args: readonly string[],
): Promise<Answer> {
  const gone = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason instanceof Error ? signal.reason : new Error('interrupted'));
    });
  });
  const { code, out, error } = await Promise.race([cluster.agent(pod, args), gone]);
  if (code !== 0) throw new SetCommandRefused(`${pod} says: ${error.trim()}`);
  return JSON.parse(out) as Answer;
}
