import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentContract } from '../contract.ts';
import { applicationName } from '../server-connection/server-address.ts';
import { readSynchronousNames } from '../standby/synchronous-names.ts';
import { wantedStandbys } from '../standby/wanted-standbys.ts';
import { errorCode, writeDurably } from '../store/durable-file.ts';

/**
 * Before a server starts: takes synchronous_standby_names out of postgresql.auto.conf where it is what pgusher wrote for a setting that is gone, or for
 * another set whose data this one was made from. Nobody would ever come whom its commits wait for.
 */
export async function releaseStandbyNames(contract: AgentContract, liveSettings: string): Promise<void> {
  const path = join(contract.dataDirectory, 'postgresql.auto.conf');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') {
      return '';
    }
    throw error;
  });
  const { standbys } = await wantedStandbys(contract, liveSettings);
  const kept = withoutIdleNames(text, (value) =>
    value === applicationName
      ? contract.backup?.synchronous !== true
      : isIdle(readSynchronousNames(value)?.set, contract.set, standbys),
  );
  if (kept !== text) {
    await writeDurably(path, kept);
  }
}

function isIdle(named: string | undefined, set: string, standbys: number): boolean {
  return named !== undefined && (named !== set || standbys === 0);
}

/** Only lines as ALTER SYSTEM writes them. */
export function withoutIdleNames(autoConf: string, isIdleValue: (value: string) => boolean): string {
  return autoConf
    .split('\n')
    .filter((line) => {
      const value = /^synchronous_standby_names = '(.*)'$/.exec(line)?.[1];
      return value === undefined || !isIdleValue(value);
    })
    .join('\n');
}
