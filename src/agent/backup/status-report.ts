import type { AgentStatus, FailureKind } from './agent-status.ts';
import type { Log } from '../log.ts';

/** Notes trouble and its end in the status and, once per change, in the log. */
export interface StatusReport {
  failed(kind: FailureKind, message: string): void;
  recovered(kind: FailureKind): void;
}

export function createStatusReport(status: AgentStatus, log: Log, now: () => Date): StatusReport {
  return {
    failed: (kind, message) => {
      const failure = { at: now(), message };
      // What is tried again every few seconds is logged when it begins and when its words change.
      if (status.failures.get(kind)?.message !== message) {
        log.error({ failure: kind }, message);
      }
      status.failures.set(kind, failure);
      status.lastFailure = { ...failure, kind };
    },
    recovered: (kind) => {
      if (status.failures.delete(kind)) {
        log.info({ recovered: kind }, `${kind}: in order again`);
      }
    },
  };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
