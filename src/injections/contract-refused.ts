import { contractProblems } from '../agent/contract-schema.ts';
import type { ContractProblem } from '../agent/contract-schema.ts';
import type { AgentContract } from '../agent/contract.ts';

/** The agent would refuse what it is told here, and the pod would never start; nothing is rendered then. */
export class ContractRefused extends Error {
  override readonly name = 'ContractRefused';
  readonly problems: readonly RefusedValue[];

  constructor(problems: readonly RefusedValue[]) {
    super(`the agent would refuse ${problems.map(({ field, message }) => `${field}: ${message}`).join('; ')}`);
    this.problems = problems;
  }
}

export interface RefusedValue extends ContractProblem {
  /** Of the StatefulSet, by names: where the value comes from. */
  readonly field: string;
}

/**
 * The contract itself, judged by the schema that the agent reads it with, so that the two can never disagree.
 * @throws ContractRefused
 */
export function acceptedByAgent(contract: AgentContract): AgentContract {
  const problems = contractProblems(contract);
  if (problems.length === 0) return contract;
  throw new ContractRefused(problems.map((problem) => ({ ...problem, field: fieldOf(problem.path) })));
}

/** Where a value of the contract comes from, most telling first; what is named nowhere is a fault of ours, and said as such. */
const origins: readonly (readonly [path: RegExp, field: string])[] = [
  [/^namespace$/, 'metadata.namespace'],
  [/^set$/, 'metadata.name'],
  [/^major$/, setting('version')],
  [/^dataDirectory$/, setting('data-directory')],
  [/^(dataMount|otherMounts|walDirectory)/, 'spec.template.spec.containers.volumeMounts'],
  [/^owner/, setting('run-as')],
  [/^serverPort$/, setting('parameters')],
  [/^agentPort$/, setting('agent-port')],
  [/^bootstrap$/, setting('bootstrap')],
  [/^role$/, setting('role')],
  [/^whenBehind$/, setting('when-behind')],
  [/^primary$/, setting('primary')],
  [/^service$/, 'spec.serviceName'],
  [/^replication\.synchronous/, setting('synchronous')],
  [/^replication/, setting('replication-network')],
  [/^offsite\.spool/, setting('backup-spool')],
  [/^offsite/, setting('backup-store')],
  [/^store/, setting('backup-prefix')],
  [/^source/, setting('restore-from')],
  [/^restore\.backup$/, setting('restore-backup')],
  [/^restore\.id$/, setting('restore-id')],
  [/^restore\.passwords/, setting('restore-passwords')],
  [/^restore\.target/, setting('restore-target-time')],
  [/^restore/, setting('restore-backup')],
  [/^backup\.schedule$/, setting('backup-schedule')],
  [/^backup\.timeZone$/, setting('backup-time-zone')],
  [/^backup\.keep$/, setting('backup-keep')],
  [/^backup\.keepFor$/, setting('backup-keep-for')],
  [/^backup\.compression$/, setting('backup-compression')],
  [/^backup/, setting('backup')],
];

function setting(name: string): string {
  return `metadata.annotations[postgres.io/${name}]`;
}

function fieldOf(path: string): string {
  return origins.find(([pattern]) => pattern.test(path))?.[1] ?? `the agent's contract, ${path}`;
}
