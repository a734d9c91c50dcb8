import type { OpenSet } from './open-set.ts';
import { SetCommandRefused } from './set-command.ts';
import { ApiFailure } from '../cluster/api-failure.ts';
import { UsageError } from './exit-code.ts';
import type { AgentAnswer } from './promotion.ts';
import { parsePosition } from './pod-agent.ts';

type Agents = Pick<OpenSet, 'name' | 'pods' | 'agent'>;

/**
 * Whose agent is asked about a set: the pod that the person names, the only one, or the one that takes writes.
 * @throws SetCommandRefused with what each pod says where that is none or several.
 */
export async function agentPod(set: Agents, named: string | undefined, command: string): Promise<string> {
  const names = set.pods.map(({ name }) => name);
  if (named !== undefined && !names.includes(named)) {
    throw new SetCommandRefused(
      `there is no pod ${named} in ${set.name}; wanted one of ${names.join(', ') || 'none: it has no pods'}`,
    );
  }
  const [first, ...more] = named === undefined ? names : [named];
  if (first === undefined)
    throw new SetCommandRefused(`${set.name} has no pods; wanted one that runs: is it scaled to 0?`);
  if (more.length === 0) return first;
  const told = await Promise.all(names.map(async (pod) => ({ pod, says: await whatItSays(set, pod) })));
  const writing = told.filter(({ says }) => says === takesWrites).map(({ pod }) => pod);
  const [primary, second] = writing;
  if (primary !== undefined && second === undefined) return primary;
  const what =
    primary === undefined
      ? `no pod of ${set.name} is known to take writes (${told.map(({ pod, says }) => `${pod}: ${says}`).join('; ')})`
      : `${writing.join(' and ')} take writes at the same time; wanted one primary`;
  throw new SetCommandRefused(`${what}. Name the pod that is meant: pgusher ${command} ${set.name} ${first}`);
}

const takesWrites = 'takes writes';

async function whatItSays(set: Agents, pod: string): Promise<string> {
  try {
    const answer = await askAgent(set, pod, ['position']);
    if (answer.code !== 0) return firstLine(answer.error);
    return parsePosition(answer).takesWrites ? takesWrites : 'a standby';
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error)) throw error;
    return error.message;
  }
}

/**
 * What the agent of a pod answers to a command.
 * @throws UsageError where the person may not ask, SetCommandRefused where it does not run or does not know the command.
 */
export async function askAgent(set: Agents, pod: string, args: readonly string[]): Promise<AgentAnswer> {
  const container = set.pods.find(({ name }) => name === pod)?.containers.find(({ name }) => name === 'pgusher-backup');
  if (container === undefined) {
    throw new SetCommandRefused(
      `${pod} has no container pgusher-backup: it was made before the set was managed; wanted it made again: kubectl delete pod ${pod}`,
    );
  }
  if (container.state !== 'running') {
    throw new SetCommandRefused(
      `the agent of ${pod} does not run: its container pgusher-backup ${container.state === 'waiting' ? 'waits' : 'has ended'}${container.reason === '' ? '' : ` (${container.reason})`}. \`pgusher logs ${set.name} ${pod}\` says more`,
    );
  }
  const answer = await set.agent(pod, args).catch((error: unknown) => {
    if (error instanceof ApiFailure && error.code === 403) throw new UsageError(error.message);
    throw new SetCommandRefused(error instanceof Error ? error.message : String(error));
  });
  if (answer.code !== 0 && /error: (unknown (command|option)|too many arguments)/.test(answer.error)) {
    throw new SetCommandRefused(
      `the agent in ${pod} is older than this command and does not know \`${args.join(' ')}\`; postgres.io/injection-version: latest takes a new one on, with a restart`,
    );
  }
  return answer;
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
