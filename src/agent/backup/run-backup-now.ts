import { join } from 'node:path';
import type { Print } from '../print.ts';
import { askForBackup } from './demand-socket.ts';

/**
 * `pgusher-agent backup now`: returns once a new base backup is complete and listed; to be repeated without deleting
 * anything.
 * @param shared `paths.shared`
 * @returns the exit code: 0 listed, 1 not made.
 */
export async function runBackupNow(shared: string, print: Print): Promise<number> {
  const answer = await askForBackup(join(shared, 'agent.sock'));
  if (answer.kind === 'taken') {
    print.out(answer.id);
    return 0;
  }
  print.error(`no base backup was made: ${answer.message}`);
  return 1;
}
