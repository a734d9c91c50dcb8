import { z } from 'zod';
import type { AgentContract } from './contract.ts';
import { environmentNames } from './contract.ts';

const store = z.strictObject({ mount: z.string().startsWith('/'), prefix: z.string().min(1) });

const schema = z.strictObject({
  version: z.literal(1),
  namespace: z.string().min(1),
  set: z.string().min(1),
  major: z.int().min(9).nullable(),
  dataDirectory: z.string().startsWith('/'),
  dataMount: z.string().startsWith('/'),
  otherMounts: z.array(z.string().startsWith('/')).optional(),
  walDirectory: z.string().startsWith('/').optional(),
  owner: z.strictObject({ uid: z.int().min(0), gid: z.int().min(0) }).nullable(),
  serverPort: z.int().min(1).max(65_535),
  agentPort: z.int().min(1).max(65_535),
  bootstrap: z.enum(['auto', 'restore', 'initialize']),
  role: z.enum(['auto', 'primary', 'standby']),
  whenBehind: z.enum(['stop', 'catch-up', 'fork']).optional(),
  primary: z.string().min(1).nullable(),
  service: z.string().min(1).nullable(),
  replication: z.strictObject({ network: z.string().min(1), synchronous: z.int().min(1).max(9).optional() }).nullable(),
  store: store.nullable(),
  offsite: z
    .strictObject({ address: z.string().min(1), pushSeconds: z.int().min(1), spool: z.int().min(1).optional() })
    .optional(),
  source: store.nullable(),
  restore: z.strictObject({
    backup: z.string().min(1),
    target: z
      .strictObject({
        kind: z.enum(['time', 'lsn', 'xid', 'name', 'immediate']),
        value: z.string(),
        inclusive: z.boolean(),
      })
      .nullable(),
    id: z.string().min(1).nullable(),
    passwords: z.enum(['keep', 'secret']).optional(),
  }),
  backup: z
    .strictObject({
      schedule: z.string().min(1),
      timeZone: z.string().min(1),
      keep: z.int().min(2),
      keepFor: z.int().min(0).nullable(),
      compression: z.enum(['zstd', 'gzip', 'none']),
      verify: z.boolean(),
      synchronous: z.boolean(),
      fixed: z.array(
        z.enum([
          'backup-schedule',
          'backup-time-zone',
          'backup-keep',
          'backup-keep-for',
          'backup-verify',
          'backup-compression',
        ]),
      ),
    })
    .nullable(),
  dump: z
    .strictObject({
      schedule: z.string().min(1).nullable(),
      keep: z.int().min(1),
      keepFor: z.int().min(0).nullable(),
      format: z.enum(['directory', 'custom', 'plain']),
      jobs: z.int().min(1),
      rolePasswords: z.boolean(),
      fixed: z.array(
        z.enum(['dump-schedule', 'dump-keep', 'dump-keep-for', 'dump-format', 'dump-jobs', 'dump-role-passwords']),
      ),
    })
    .optional(),
}) satisfies z.ZodType<AgentContract>;

/** One thing in a contract that the agent would refuse: where it stands (`dataDirectory`, `backup.keep`), and why. */
export interface ContractProblem {
  readonly path: string;
  readonly message: string;
}

/** What the agent would refuse of a contract; the webhook asks before it admits one. */
export function contractProblems(contract: AgentContract): readonly ContractProblem[] {
  const result = schema.safeParse(contract);
  return result.success ? [] : problemsOf(result.error);
}

function problemsOf({ issues }: z.ZodError): readonly ContractProblem[] {
  return issues.map(({ path, message }) => ({ path: path.join('.'), message }));
}

/** The contract cannot be read: our own fault, or an agent image that is older than the webhook. */
export class ContractError extends Error {
  override readonly name = 'ContractError';
}

/**
 * Reads the value of PGUSHER_CONTRACT. Unknown fields are refused: an agent that does not know a field would quietly
 * do less than the webhook promised.
 * @throws ContractError
 */
export function readContract(text: string | undefined): AgentContract {
  if (text === undefined || text === '') {
    throw new ContractError(
      `${environmentNames.contract} is not set. pgusher-agent runs in a pod that pgusher injected; by hand use \`pgusher-agent restore --to DIR\`.`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ContractError(`${environmentNames.contract} is not JSON: ${String(error)}`, { cause: error });
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const problems = problemsOf(result.error).map(({ path, message }) => `${path || '(top)'}: ${message}`);
    throw new ContractError(
      `${environmentNames.contract} does not fit this agent (is the agent image as new as the webhook?): ${problems.join('; ')}`,
    );
  }
  return result.data;
}
