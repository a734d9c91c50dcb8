import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { drillCronJob } from '../drill/drill-cronjob.ts';
import { drillText } from '../drill/drill-report.ts';
import { readSettings } from '../workload/read-settings.ts';
import { objectAt, textMapAt } from '../workload/json.ts';
import { agentPod } from './agent-pod.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { drill as runDrill } from './drilling.ts';
import { exitCode, UsageError } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { openSet } from './open-set.ts';
import { runSetCommand, SetCommandRefused } from './set-command.ts';
import type { Terminal } from './terminal.ts';

export interface DrillOptions extends ClusterOptions {
  readonly compare: readonly string[];
  /** Minutes. */
  readonly within: number;
  readonly json: boolean;
  readonly cronjob: boolean;
  readonly image: string;
}

/**
 * `pgusher drill SET [POD]`: the newest backup and its WAL in a throw-away pod, with a server that reads every table. Exit code 1 where that fails, or something
 * is not whole. With --cronjob nothing is tried: what does it on the schedule of `postgres.io/backup-drill` is printed.
 */
export async function drill(
  name: string,
  named: string | undefined,
  options: DrillOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const set = await openSet(name, options);
  const { drillInCluster } = await import('../cluster/drill-in-cluster.ts');
  const cluster = drillInCluster(set.config, set);
  if (options.cronjob) {
    const annotations = textMapAt(objectAt(await cluster.set(), 'metadata'), 'annotations');
    terminal.out(cronJobText(set, annotations, options));
    return exitCode.fine;
  }
  let code: ExitCode = exitCode.fine;
  const ended = await runSetCommand(terminal, async (say) => {
    const interrupted = interruption(say);
    try {
      // One that runs no pod can be tried as well: its backups are there.
      const pod = set.pods.length === 0 ? (named ?? `${name}-0`) : await agentPod(set, named, 'drill');
      const report = await runDrill(cluster, {
        namespace: set.namespace,
        set: name,
        pod,
        server: set.server,
        compare: options.compare,
        limit: options.within * 60,
        now: () => new Date(),
        say,
        pause: () => sleep(1000),
        signal: interrupted.signal,
      });
      terminal.out(options.json ? `${JSON.stringify(report, undefined, 2)}\n` : drillText(report));
      code = report.ok ? exitCode.fine : exitCode.findings;
    } finally {
      interrupted.over();
    }
  });
  return ended === exitCode.fine ? code : ended;
}

function cronJobText(
  { namespace, name: set }: { readonly namespace: string; readonly name: string },
  annotations: Readonly<Record<string, string>>,
  { image, compare, within }: DrillOptions,
): string {
  const { backupDrill, backupTimeZone } = readSettings({ statefulset: annotations }).values;
  if (backupDrill === undefined) {
    throw new UsageError(
      `${namespace}/${set} says no time for drills; wanted one: kubectl annotate statefulset ${set} -n ${namespace} postgres.io/backup-drill="0 4 * * 0"`,
    );
  }
  const request = { namespace, set, schedule: backupDrill, timeZone: backupTimeZone, image, compare };
  return drillCronJob({ ...request, limit: within * 60 })
    .map((object) => stringify(object))
    .join('---\n');
}

/** Ctrl-C once removes what was made; twice ends at once. */
function interruption(say: (line: string) => void): { readonly signal: AbortSignal; over(): void } {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(exitCode.findings);
    say(`${signal}: what was made is removed first; once more ends at once, and leaves it`);
    controller.abort(new SetCommandRefused('interrupted; nothing is known of the backups'));
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    over: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
