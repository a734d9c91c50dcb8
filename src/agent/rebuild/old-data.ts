import type { AgentContract } from '../contract.ts';
import { dataVolumePaths } from '../decision/data-volume-paths.ts';
import type { Log } from '../log.ts';
import { readRebuildOutcome, writeRebuildOutcome } from './rebuild-order.ts';
import { isThere } from '../store/is-there.ts';
import { forgetReplaced } from './replace-data.ts';

/** The server beside this agent streams: what it replaced is needed no more. */
export async function removeOldData({ dataMount }: Pick<AgentContract, 'dataMount'>, log: Log): Promise<void> {
  const paths = dataVolumePaths(dataMount);
  if (await isThere(paths.replaced)) {
    await forgetReplaced(paths);
    log.info('the rebuilt standby streams: the old data, kept until then, is removed');
  }
  const outcome = await readRebuildOutcome(paths);
  if (outcome?.state === 'in-place') {
    await writeRebuildOutcome(paths, {
      ...outcome,
      state: 'streams',
      words: 'it streams, and the old data is removed',
    });
  }
}
