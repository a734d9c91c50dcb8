import { readSettings } from '../workload/read-settings.ts';
import { objectAt, textMapAt } from '../workload/json.ts';
import { derivedSchedule, isSchedule } from '../workload/schedule-syntax.ts';
import { settingDefinitions } from '../workload/setting-table.ts';
import { agentPod, askAgent } from './agent-pod.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { dumpCronJob } from './dump-cronjob.ts';
import { exitCode, UsageError } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { findManagedSet, openSet } from './open-set.ts';
import { lookIntoSet } from './set-command.ts';
import type { Terminal } from './terminal.ts';

export interface DumpOptions extends ClusterOptions {
  /** Names; empty: all. */
  readonly database: readonly string[];
  readonly cronjob: boolean;
  readonly claim?: string;
  readonly storage?: string;
  readonly storageClass?: string;
  readonly host?: string;
  readonly schedule?: string;
  readonly image?: string;
  /** Minutes. */
  readonly within: number;
}

/**
 * `pgusher dump SET [POD]`: a dump of each database at once, into the place for backups; comes back when it is complete, with its name.
 * With --cronjob nothing is dumped: what does it in a Job is printed.
 */
export async function dump(
  name: string,
  named: string | undefined,
  options: DumpOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  if (options.cronjob) {
    terminal.out(await cronJobText(name, options));
    return exitCode.fine;
  }
  const databases = options.database.map((database) => `--database=${database}`);
  return lookIntoSet(terminal, async () => {
    const set = await openSet(name, options);
    const pod = await agentPod(set, named, 'dump');
    terminal.report(
      `${pod} makes a dump; this waits until it is complete, and it is made also where you do not wait\n`,
    );
    return answerOf(terminal, pod, await askAgent(set, pod, ['dump', ...databases]));
  });
}

/** @throws UsageError where no Job could do it. */
async function cronJobText(name: string, options: DumpOptions): Promise<string> {
  const set = await findManagedSet(name, options);
  const { readDumpFacts } = await import('../cluster/dump-facts.ts');
  const { stringify } = await import('yaml');
  const claim = options.claim ?? `${name}-dumps`;
  const facts = await readDumpFacts(set.config, set, claim);
  const { values } = readSettings({ statefulset: textMapAt(objectAt(facts.set, 'metadata'), 'annotations') });
  const schedule = options.schedule ?? values.dumpSchedule ?? derivedSchedule(set.namespace, claim);
  if (!isSchedule(schedule)) {
    throw new UsageError(
      `--schedule is ${JSON.stringify(schedule)}; wanted ${settingDefinitions['dump-schedule'].expected}`,
    );
  }
  const printed = dumpCronJob({
    namespace: set.namespace,
    set: name,
    object: facts.set,
    hasService: facts.hasService,
    claim: {
      name: claim,
      object: facts.claim,
      pods: facts.pods,
      storage:
        options.storage === undefined ? null : { size: options.storage, storageClass: options.storageClass ?? null },
    },
    host: options.host ?? null,
    schedule,
    timeZone: values.backupTimeZone,
    image: options.image ?? null,
    keep: values.dumpKeep,
    format: values.dumpFormat,
    jobs: values.dumpJobs,
    rolePasswords: values.dumpRolePasswords,
    limit: options.within * 60,
  });
  if (typeof printed === 'string') throw new UsageError(`${set.namespace}/${name}: ${printed}`);
  return printed.map((object) => stringify(object)).join('---\n');
}

export interface DumpsOptions extends ClusterOptions {
  readonly json: boolean;
}

/** `pgusher dumps SET [POD]`: what the place for backups has of dumps, from the agent beside the primary. */
export async function dumps(
  name: string,
  named: string | undefined,
  options: DumpsOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  return lookIntoSet(terminal, async () => {
    const set = await openSet(name, options);
    const pod = await agentPod(set, named, 'dumps');
    return answerOf(terminal, pod, await askAgent(set, pod, options.json ? ['dumps', '--json'] : ['dumps']));
  });
}

function answerOf(
  terminal: Terminal,
  pod: string,
  { code, out, error }: { readonly code: number; readonly out: string; readonly error: string },
): ExitCode {
  terminal.out(out);
  if (code !== 0) terminal.report(`${pod}: ${error.trim()}\n`);
  return code === 0 ? exitCode.fine : exitCode.findings;
}
