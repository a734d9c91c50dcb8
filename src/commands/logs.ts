import { setTimeout as sleep } from 'node:timers/promises';
import { ApiFailure, describeFailure } from '../cluster/api-failure.ts';
import { listSetPods } from '../cluster/list-set-pods.ts';
import type { SetPod } from '../cluster/list-set-pods.ts';
import { readLog } from '../cluster/read-log.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { exitCode, UsageError } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { isAfter, logText, mergeLogs, readLogLine } from './log-lines.ts';
import type { LogLine } from './log-lines.ts';
import { logSources } from './log-sources.ts';
import type { LogSource } from './log-sources.ts';
import { openSet } from './open-set.ts';
import type { OpenSet } from './open-set.ts';
import { lookIntoSet, SetCommandRefused } from './set-command.ts';
import type { Terminal } from './terminal.ts';

export interface LogsOptions extends ClusterOptions {
  readonly follow: boolean;
  /** Seconds. */
  readonly since?: number;
  /** Lines of each container; undefined: all where `since` is given, else the last 200. */
  readonly tail?: number;
}

/** Between two looks at which containers there are. */
const everyMs = 2_000;

/** `pgusher logs SET [POD]`: what the server and the containers of pgusher wrote, of all pods, in the order of time. */
export async function logs(
  name: string,
  named: string | undefined,
  options: LogsOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  return lookIntoSet(terminal, async () => {
    const set = await openSet(name, options);
    const pods = chosen(set, set.pods, named);
    const sources = logSources(pods, set.server);
    if (sources.length === 0 && !options.follow) {
      throw new SetCommandRefused(
        `nothing has run yet in ${pods.map((pod) => pod.name).join(', ')}: \`kubectl describe pod ${pods[0]?.name ?? ''} -n ${set.namespace}\` says what they wait for`,
      );
    }
    const query = beginning(options);
    const width = Math.max(0, ...sources.map((source) => source.name.length));
    const before = await Promise.all(sources.map((source) => wholeLog(set, source, query, terminal)));
    for (const line of mergeLogs(before)) terminal.out(logText(line, width));
    if (options.follow) {
      const shown = new Map(
        sources.map(({ key }, index) => [key, before[index]?.findLast(({ time }) => time !== '')?.time ?? '']),
      );
      await follow(set, named, shown, terminal);
    }
    return exitCode.fine;
  });
}

function beginning({ since, tail }: LogsOptions): Readonly<Record<string, string>> {
  const lines = tail ?? (since === undefined ? 200 : undefined);
  return {
    ...(since === undefined ? {} : { sinceSeconds: String(since) }),
    ...(lines === undefined ? {} : { tailLines: String(lines) }),
  };
}

/** @throws SetCommandRefused */
function chosen(set: OpenSet, pods: readonly SetPod[], named: string | undefined): readonly SetPod[] {
  if (pods.length === 0) throw new SetCommandRefused(`${set.name} has no pods; wanted one: is it scaled to 0?`);
  if (named === undefined) return pods;
  const pod = pods.find(({ name }) => name === named);
  if (pod !== undefined) return [pod];
  throw new SetCommandRefused(
    `there is no pod ${named} in ${set.name}; wanted one of ${pods.map(({ name }) => name).join(', ')}`,
  );
}

/** What there is now. A log that cannot be had is said, and the others are shown. @throws UsageError without the right. */
async function wholeLog(
  set: OpenSet,
  source: LogSource,
  query: Readonly<Record<string, string>>,
  terminal: Terminal,
): Promise<readonly LogLine[]> {
  const lines: LogLine[] = [];
  try {
    for await (const line of linesOf(set, source, query)) lines.push(line);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    terminal.report(`${source.name}: its log cannot be read: ${describeFailure(error)}\n`);
  }
  return lines;
}

async function* linesOf(
  { config, namespace }: OpenSet,
  source: LogSource,
  query: Readonly<Record<string, string>>,
): AsyncGenerator<LogLine> {
  const { pod, container, previous } = source;
  const question = { namespace, pod, container, query: previous ? { ...query, previous: 'true' } : query };
  try {
    for await (const line of readLog(config, question)) yield readLogLine(source.name, line);
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.code !== 403) throw error;
    throw new UsageError(
      `the cluster does not let you: wanted the right that \`kubectl auth can-i get pods --subresource=log -n ${namespace}\` asks about`,
    );
  }
}

/**
 * Until it is interrupted: each container that starts is followed, those of a pod that is made again too. A connection that ends while its
 * container runs is opened again behind the last line.
 * @param shown by key, the time of the last line; taken over.
 */
async function follow(
  set: OpenSet,
  named: string | undefined,
  shown: Map<string, string>,
  terminal: Terminal,
): Promise<never> {
  const open = new Set<string>();
  const ended = new Set<string>();
  let width = 0;
  let said = '';
  for (;;) {
    const listed = await listSetPods(set.config, set);
    const trouble = listed.kind === 'pods' ? '' : listed.kind === 'forbidden' ? listed.right : listed.reason;
    if (trouble !== said && trouble !== '')
      terminal.report(`the pods of ${set.name} cannot be listed: ${trouble}; trying again\n`);
    said = trouble;
    const pods = listed.kind === 'pods' ? listed.pods.filter(({ name }) => named === undefined || name === named) : [];
    for (const source of logSources(pods, set.server)) {
      const { key, running, previous } = source;
      if (previous || open.has(key) || ended.has(key)) continue;
      open.add(key);
      width = Math.max(width, source.name.length);
      void followOne(set, source, shown, (line) => {
        terminal.out(logText(line, width));
      }).finally(() => {
        open.delete(key);
        if (!running) ended.add(key);
      });
    }
    await sleep(everyMs);
  }
}

/** Never throws: what failed is tried again at the next look. */
async function followOne(
  set: OpenSet,
  source: LogSource,
  shown: Map<string, string>,
  print: (line: LogLine) => void,
): Promise<void> {
  const last = shown.get(source.key) ?? '';
  try {
    for await (const line of linesOf(set, source, { follow: 'true', ...(last === '' ? {} : { sinceTime: last }) })) {
      if (last !== '' && !isAfter(line, last)) continue;
      if (line.time !== '') shown.set(source.key, line.time);
      print(line);
    }
  } catch {
    // An apiserver that restarts, a pod that went.
  }
}
