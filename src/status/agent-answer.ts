import { readReport } from '../agent/report-schema.ts';
import type { AgentReport } from '../agent/report.ts';

/** What came of asking the agent of one pod for its report. */
export type AgentAnswer =
  | { readonly kind: 'report'; readonly report: AgentReport }
  /** It answers, but has no report: rendered by an older version. */
  | { readonly kind: 'no-report' }
  | { readonly kind: 'no-pod' }
  /** `right` as `kubectl auth can-i` takes it. */
  | { readonly kind: 'forbidden'; readonly right: string }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** From what the apiserver's proxy to a pod answered: its own words for pods that are not there, the agent's for the rest. */
export function readAgentAnswer(code: number, text: string): AgentAnswer {
  if (code === 200) {
    const report = readReport(text);
    return report === undefined ? { kind: 'no-report' } : { kind: 'report', report };
  }
  const message = apiMessage(text);
  if (code === 403 && message !== undefined) return { kind: 'forbidden', right: 'get pods --subresource=proxy' };
  // The agent's own 404 is a line of text, the apiserver's a Status.
  if (code === 404) return message === undefined ? { kind: 'no-report' } : { kind: 'no-pod' };
  return {
    kind: 'unreachable',
    reason: `HTTP ${String(code)} ${message ?? text.split('\n')[0]?.slice(0, 200) ?? ''}`.trim(),
  };
}

/** Of a Status object of the apiserver; undefined where it is something else. */
function apiMessage(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('kind' in value) || value.kind !== 'Status') return undefined;
    return 'message' in value && typeof value.message === 'string' ? value.message : '';
  } catch {
    return undefined;
  }
}

export function answerText(answer: AgentAnswer | undefined): string {
  switch (answer?.kind) {
    case undefined:
      return 'not asked';
    case 'report':
      return answer.report.server.kind === 'primary' ? 'takes writes' : answer.report.reasons.join(', ');
    case 'no-report':
      return 'its agent is older than this command and has no report; postgres.io/injection-version: latest takes a new one on, with a restart';
    case 'no-pod':
      return 'there is no such pod';
    case 'forbidden':
      return `you may not ask it; wanted the right that \`kubectl auth can-i ${answer.right}\` asks about`;
    case 'unreachable':
      return `its agent does not answer: ${answer.reason}`;
  }
}
