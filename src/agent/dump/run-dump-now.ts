import { join } from 'node:path';
import { environmentNames } from '../contract.ts';
import { askForDump } from '../backup/demand-socket.ts';
import type { Print } from '../print.ts';

/**
 * `pgusher-agent dump` in a pod: returns once the running agent has the dump complete and listed.
 * @param shared `paths.shared`
 * @returns the exit code: 0 all is dumped; 1 something is not.
 */
export async function runDumpNow(shared: string, databases: readonly string[], print: Print): Promise<number> {
  if (process.env[environmentNames.contract] === undefined) {
    print.error('this is no pod of pgusher; wanted --to DIRECTORY, and the server by PGHOST, PGPORT, PGUSER …');
    return 1;
  }
  const answer = await askForDump(join(shared, 'agent.sock'), databases);
  if (answer.kind === 'taken') {
    print.out(answer.id);
    return 0;
  }
  print.error(answer.message);
  return 1;
}
