import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { settingDefinitions } from '../../workload/setting-table.ts';
import type { AgentContract } from '../contract.ts';
import { errorCode } from '../store/durable-file.ts';

export interface WantedStandbys {
  /** How many of the set's standbys a commit waits for. */
  readonly standbys: number;
  /** What is in the ConfigMap and cannot be used. */
  readonly problem: string | null;
}

/**
 * `postgres.io/synchronous`, and before it the key `synchronous` of the ConfigMap `<set>-pgusher`: here the key wins, other than for backups. The
 * annotation stands in the pod template, and who has to let commits go at night must not have to restart the database for it.
 */
export async function wantedStandbys(
  { replication }: Pick<AgentContract, 'replication'>,
  liveSettings: string,
): Promise<WantedStandbys> {
  const standbys = replication?.synchronous ?? 0;
  if (replication === null) {
    return { standbys: 0, problem: null };
  }
  try {
    const text = (await readFile(join(liveSettings, 'synchronous'), 'utf8')).trim();
    const definition = settingDefinitions.synchronous;
    const parsed = definition.parse(text);
    return parsed.ok
      ? { standbys: parsed.value, problem: null }
      : { standbys, problem: `ConfigMap key synchronous is "${text}"; wanted ${definition.expected}` };
  } catch (error) {
    return errorCode(error) === 'ENOENT'
      ? { standbys, problem: null }
      : { standbys, problem: error instanceof Error ? error.message : String(error) };
  }
}
