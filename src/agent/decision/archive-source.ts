import type { AgentContract, StoreContract } from '../contract.ts';

/**
 * The store whose WAL a standby replays: another set's, which `restore-from` names. Without a `primary` it follows nothing else; with one it
 * streams, and takes from here what the primary has recycled. Null: it follows a server alone.
 */
export function archiveOf({ role, source }: Pick<AgentContract, 'role' | 'source'>): StoreContract | null {
  return role === 'standby' ? source : null;
}
