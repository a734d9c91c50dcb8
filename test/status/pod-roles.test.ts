import { expect, test } from 'vitest';
import { newStatus } from '../../src/agent/backup/agent-status.ts';
import type { AgentStatus } from '../../src/agent/backup/agent-status.ts';
import { agentReport } from '../../src/agent/http/agent-report.ts';
import type { AgentAnswer } from '../../src/status/agent-answer.ts';
import type { ManagedSet } from '../../src/status/managed-set.ts';
import { podRoles } from '../../src/status/pod-roles.ts';

const at = new Date('2026-11-30T12:00:00Z');

function says(server: AgentStatus['server']): AgentAnswer {
  const status = newStatus({ namespace: 'shop', set: 'orders', startedAt: at, backupWanted: true });
  status.server = server;
  return { kind: 'report', report: agentReport(status, at) };
}
const writes = (timeline: number): AgentAnswer => says({ kind: 'primary', systemId: '7', timeline, major: 17 });
const follows = says({ kind: 'recovering' });
const starts = says({ kind: 'waiting', reason: 'nothing listens yet' });
const silent: AgentAnswer = { kind: 'unreachable', reason: 'timed out' };
const older: AgentAnswer = { kind: 'no-report' };

const set: ManagedSet = {
  namespace: 'shop',
  name: 'orders',
  replicas: 3,
  ready: 3,
  pods: ['orders-0', 'orders-1', 'orders-2'],
  role: 'auto',
  version: '0.1.0',
  agentPort: 8432,
};

test.each([
  ['one takes writes', [writes(1), follows, follows], ['primary', 'standby', 'standby']],
  ['another one was promoted', [follows, writes(2), follows], ['standby', 'primary', 'standby']],
  ['the old primary is silent', [silent, writes(2), follows], [null, 'primary', 'standby']],
  ['a pod that starts', [writes(1), starts, older], ['primary', null, null]],
  ['nobody answers', [silent, silent, silent], [undefined, undefined, undefined]],
  ['nobody takes writes', [silent, follows, starts], [undefined, 'standby', undefined]],
  ['two take writes', [writes(1), writes(2), follows], [null, 'primary', 'standby']],
  ['two take writes on one timeline', [writes(2), writes(2), follows], [null, null, 'standby']],
] as const)('%s', (_case, answers, roles) => {
  const said = podRoles(set, new Map(set.pods.map((pod, index) => [pod, answers[index] ?? silent])));
  expect(said).toEqual(set.pods.map((pod, index) => ({ pod, role: roles[index] })));
});
