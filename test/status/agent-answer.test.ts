import { expect, test } from 'vitest';
import { newStatus } from '../../src/agent/backup/agent-status.ts';
import { agentReport } from '../../src/agent/http/agent-report.ts';
import { readAgentAnswer } from '../../src/status/agent-answer.ts';

const at = new Date('2026-11-29T12:00:00Z');
const report = agentReport(newStatus({ namespace: 'shop', set: 'orders', startedAt: at, backupWanted: true }), at);

test('a report is read as the agent wrote it, whatever a newer agent adds', () => {
  expect(readAgentAnswer(200, JSON.stringify(report))).toEqual({ kind: 'report', report });
  expect(readAgentAnswer(200, JSON.stringify({ ...report, added: 1 }))).toEqual({ kind: 'report', report });
});

test.each([
  ['a form that is not known', 200, JSON.stringify({ ...report, format: 2 }), { kind: 'no-report' }],
  ['a login page', 200, '<html>', { kind: 'no-report' }],
  ["an older agent's own 404", 404, 'not here; see /, /metrics, /readyz, /livez\n', { kind: 'no-report' }],
  ["the apiserver's 404", 404, '{"kind":"Status","message":"pods \\"db-0\\" not found"}', { kind: 'no-pod' }],
  [
    'a right that is missing',
    403,
    '{"kind":"Status","message":"pods \\"db-0\\" is forbidden"}',
    { kind: 'forbidden', right: 'get pods --subresource=proxy' },
  ],
  [
    'a pod that does not listen',
    503,
    '{"kind":"Status","message":"dial tcp 10.1.2.3:10251: connect: connection refused"}',
    { kind: 'unreachable', reason: 'HTTP 503 dial tcp 10.1.2.3:10251: connect: connection refused' },
  ],
  ['a proxy in between', 502, 'Bad gateway\nnginx', { kind: 'unreachable', reason: 'HTTP 502 Bad gateway' }],
])('%s', (_case, code, text, answer) => {
  expect(readAgentAnswer(code, text)).toEqual(answer);
});
