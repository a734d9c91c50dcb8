import { z } from 'zod';
import type { Scenario } from './scenario.ts';
import { until } from '../../../scripts/cluster/until.ts';

const listed = z.object({
  backups: z.array(z.object({ id: z.string(), verifiedAt: z.string().nullable() })),
});
export type Backup = z.infer<typeof listed>['backups'][number];

/** What the agent of a pod prints for a command. */
export async function agentOf(scenario: Scenario, pod: string, ...command: readonly string[]): Promise<string> {
  const agent = ['exec', pod, '-c', 'pgusher-backup', '--', '/opt/pgusher/bin/pgusher-agent'];
  return await scenario.kubectl([...agent, ...command]);
}

/** What the store of a pod holds, as `pgusher-agent list` says. */
export async function backupsOf(scenario: Scenario, pod: string): Promise<readonly Backup[]> {
  return listed.parse(JSON.parse(await agentOf(scenario, pod, 'list', '--json'))).backups;
}

/** Waits for a base backup that is complete and verified, other than those given. The first is promised within a minute. */
export async function verifiedBackup(scenario: Scenario, pod: string, but: readonly Backup[] = []): Promise<Backup> {
  const known = new Set(but.map(({ id }) => id));
  return await until('a verified base backup', 60_000, async () =>
    (await backupsOf(scenario, pod)).find(({ id, verifiedAt }) => !known.has(id) && verifiedAt !== null),
  );
}
