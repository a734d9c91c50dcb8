import type { AgentContract } from '../contract.ts';
import type { DataDirectoryState } from '../decision/data-directory-state.ts';
import type { Neighbour } from '../decision/neighbours.ts';
import { findNeighbours } from '../decision/neighbours.ts';
import type { Role } from '../decision/pod-role.ts';
import type { StoreState } from '../decision/store-state.ts';

export interface BesideQuestion {
  readonly contract: Pick<AgentContract, 'store' | 'bootstrap'>;
  readonly role: Role;
  readonly data: DataDirectoryState;
  readonly store: StoreState;
  readonly source: StoreState;
}

/**
 * Before an empty database is made: whether the claim holds another set's backups. A claim that came along to another namespace or name
 * has its backups in the old folder. Where that cannot be told, the store is not known to be empty.
 */
export async function lookBeside({ contract, role, data, store, source }: BesideQuestion): Promise<{
  readonly store: StoreState;
  readonly neighbours: readonly Neighbour[];
}> {
  const wouldInitialise =
    role === 'primary' &&
    data.kind === 'EMPTY' &&
    store.kind === 'EMPTY' &&
    source.kind === 'NONE' &&
    contract.bootstrap !== 'initialize';
  if (!wouldInitialise || contract.store === null) {
    return { store, neighbours: [] };
  }
  try {
    return { store, neighbours: await findNeighbours(contract.store.mount, contract.store.prefix) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { store: { kind: 'UNKNOWN', reason: `what else it holds cannot be read: ${reason}` }, neighbours: [] };
  }
}
