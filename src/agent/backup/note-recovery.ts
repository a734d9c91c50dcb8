import type { AgentStatus } from './agent-status.ts';

/** A primary that became a standby has no schedule to be behind, and no slots: what the agent knew of both would be told for ever. */
export function noteRecovery(status: AgentStatus): void {
  status.server = { kind: 'recovering' };
  status.backups.nextAt = null;
  status.standbySlots = [];
  status.receiver.slot = 'missing';
  status.receiver.retainedBytes = 0;
}
