import { version } from '../../version.ts';
import { reasonsToLook } from '../backup/agent-status.ts';
import type { AgentStatus } from '../backup/agent-status.ts';
import { archiveLagSeconds } from '../standby/archive-standing.ts';
import { overdueSince } from '../backup/overdue.ts';
import type { AgentReport } from '../report.ts';

/** The status as other programs read it. */
export function agentReport(status: AgentStatus, now: Date): AgentReport {
  const { server, backups, receiver, store, lastFailure } = status;
  const reasons = reasonsToLook(status, now);
  const oldest = backups.complete[0];
  const newest = backups.complete.at(-1);
  const { lastVerification } = backups;
  return {
    format: 1,
    agentVersion: version,
    namespace: status.namespace,
    set: status.set,
    startedAt: status.startedAt.toISOString(),
    safe: reasons.length === 0,
    reasons,
    server: {
      kind: server.kind,
      major: server.kind === 'primary' ? server.major : null,
      systemId: server.kind === 'primary' ? server.systemId : null,
      timeline: server.kind === 'primary' ? server.timeline : null,
    },
    backupWanted: status.backupWanted,
    recoverable:
      oldest === undefined ? null : { from: text(oldest.finishedAt), to: textOrNull(receiver.flushedThrough) },
    backups: {
      count: backups.complete.length,
      running: backups.running,
      newest:
        newest === undefined ? null : { id: newest.id, finishedAt: text(newest.finishedAt), verified: newest.verified },
      nextAt: textOrNull(backups.nextAt),
      overdueSince: textOrNull(overdueSince(backups, now)),
      lastVerification:
        lastVerification === null
          ? null
          : { at: text(lastVerification.at), ok: lastVerification.ok, id: lastVerification.id },
    },
    dumps: dumpsReport(status, now),
    wal: {
      streaming: receiver.streaming,
      lagBytes: receiver.lagBytes,
      lagSeconds: receiver.lagSeconds,
      slot: receiver.slot,
      gaps: receiver.gaps,
    },
    archive:
      status.archive === null
        ? null
        : {
            lagSeconds: archiveLagSeconds(status.archive, status.startedAt, now),
            completeThrough: textOrNull(status.archive.completeThrough),
            storeThrough: textOrNull(status.archive.storeThrough),
            replayedLsn: status.archive.replayedLsn,
          },
    store: { free: store.free, total: store.total },
    lastFailure: lastFailure === null ? null : { at: text(lastFailure.at), message: lastFailure.message },
  };
}

function dumpsReport({ dumps }: AgentStatus, now: Date): NonNullable<AgentReport['dumps']> {
  const newest = dumps.complete.at(-1);
  return {
    wanted: dumps.wanted,
    count: dumps.complete.length,
    running: dumps.running,
    newest:
      newest === undefined
        ? null
        : {
            id: newest.id,
            finishedAt: text(newest.finishedAt),
            storedSize: newest.storedSize,
            failures: newest.failures,
          },
    nextAt: textOrNull(dumps.nextAt),
    overdueSince: textOrNull(overdueSince(dumps, now)),
  };
}

function text(time: Date): string {
  return time.toISOString();
}

function textOrNull(time: Date | null): string | null {
  return time === null ? null : text(time);
}
