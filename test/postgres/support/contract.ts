import type { AgentContract, BackupContract } from '../../../src/agent/contract.ts';

/** What every contract of ring 3 has to say for itself. */
export type ContractParts = Pick<
  AgentContract,
  'set' | 'major' | 'dataDirectory' | 'dataMount' | 'serverPort' | 'agentPort' | 'store' | 'backup'
>;

/** The contract of one server in namespace `shop`, without replication, and with nothing asked of `restore`. */
export function contractOf(parts: ContractParts): AgentContract {
  return {
    version: 1,
    namespace: 'shop',
    owner: null,
    bootstrap: 'auto',
    role: 'auto',
    primary: null,
    service: null,
    replication: null,
    source: null,
    restore: { backup: 'latest', target: null, id: null },
    ...parts,
  };
}

/** The settings of `backup` that an annotation would have to change. */
export const plainBackup: BackupContract = {
  schedule: '0 3 * * *',
  timeZone: 'UTC',
  keep: 7,
  keepFor: null,
  compression: 'zstd',
  verify: true,
  synchronous: false,
  fixed: [],
};
