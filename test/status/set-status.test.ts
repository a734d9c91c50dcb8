import { describe, expect, test } from 'vitest';
import { newStatus } from '../../src/agent/backup/agent-status.ts';
import type { AgentStatus } from '../../src/agent/backup/agent-status.ts';
import { agentReport } from '../../src/agent/http/agent-report.ts';
import type { AgentAnswer } from '../../src/status/agent-answer.ts';
import type { ManagedSet } from '../../src/status/managed-set.ts';
import { readManagedSet } from '../../src/status/managed-set.ts';
import { setStatus } from '../../src/status/set-status.ts';

const at = new Date('2026-11-29T12:00:00Z');

function answer(change: (status: AgentStatus) => void): AgentAnswer {
  const status = newStatus({ namespace: 'shop', set: 'orders', startedAt: at, backupWanted: true });
  change(status);
  return { kind: 'report', report: agentReport(status, at) };
}

const primary = answer((status) => {
  status.server = { kind: 'primary', major: 17, systemId: '7', timeline: 3 };
  status.store = { ...status.store, free: 50, total: 100, ours: true };
  status.restoreRefused = null;
  status.receiver = { ...status.receiver, streaming: true, flushedThrough: at };
  const backup = { id: 'b', startedAt: at, finishedAt: at, timeline: 3, storedSize: 1, verified: true };
  status.backups = { ...status.backups, complete: [backup], nextAt: new Date('2026-11-30T00:00:00Z') };
});
const standby = answer((status) => {
  status.server = { kind: 'recovering' };
});

function set(change: Partial<ManagedSet> = {}): ManagedSet {
  return {
    namespace: 'shop',
    name: 'orders',
    replicas: 1,
    ready: 1,
    pods: ['orders-0'],
    role: 'auto',
    version: '1.0.0',
    agentPort: 10_251,
    ...change,
  };
}
const three = { replicas: 3, ready: 3, pods: ['orders-0', 'orders-1', 'orders-2'] };

test('a primary that is protected is safe', () => {
  expect(setStatus(set(), new Map([['orders-0', primary]]), '1.0.0')).toMatchObject({
    safe: true,
    reasons: [],
    warnings: [],
    primary: 'orders-0',
    timeline: 3,
    injection: { version: '1.0.0', stale: false },
    recoverable: { from: '2026-11-29T12:00:00.000Z', to: '2026-11-29T12:00:00.000Z' },
  });
});

test('the primary is the pod that takes writes, not the one of ordinal 0', () => {
  const answers = new Map([
    ['orders-0', standby],
    ['orders-1', primary],
    ['orders-2', standby],
  ]);
  expect(setStatus(set(three), answers, '1.0.0')).toMatchObject({ safe: true, primary: 'orders-1' });
});

describe('a set of standbys that follow backups', () => {
  const follows = (change: (status: AgentStatus) => void): AgentAnswer =>
    answer((status) => {
      status.server = { kind: 'recovering' };
      status.archive = {
        completeThrough: new Date('2026-11-29T11:59:20Z'),
        storeThrough: new Date('2026-11-29T11:59:58Z'),
        replayedLsn: '0/5000100',
        lastTransactionAt: null,
      };
      change(status);
    });

  test('is safe, and tells how far behind it is', () => {
    const answers = new Map([['orders-0', follows(() => undefined)]]);
    expect(setStatus(set({ role: 'standby' }), answers, '1.0.0')).toMatchObject({
      safe: true,
      reasons: [],
      archive: {
        lagSeconds: 40,
        completeThrough: '2026-11-29T11:59:20.000Z',
        storeThrough: '2026-11-29T11:59:58.000Z',
        replayedLsn: '0/5000100',
      },
    });
  });

  test('is not safe where it cannot read them, and says so', () => {
    const trouble = follows((status) => {
      status.failures.set('standby', { at, message: 'the backups that are followed cannot be read' });
    });
    expect(setStatus(set({ role: 'standby' }), new Map([['orders-0', trouble]]), '1.0.0')).toMatchObject({
      safe: false,
      reasons: ['orders-0: the backups that are followed cannot be read'],
    });
  });
});

test('two that take writes are not safe, whatever each of them says', () => {
  const answers = new Map([
    ['orders-0', primary],
    ['orders-1', primary],
    ['orders-2', standby],
  ]);
  expect(setStatus(set(three), answers, '1.0.0').reasons).toEqual([
    'orders-0 and orders-1 take writes at the same time; wanted one primary. Stop all but one at once',
  ]);
});

describe('is not safe', () => {
  test.each<[string, Partial<ManagedSet>, AgentAnswer, string]>([
    [
      'where nothing is injected',
      { version: null, agentPort: null },
      primary,
      'nothing is injected: it was labelled while the webhook did not answer. Apply it again',
    ],
    ['where it is scaled to 0', { replicas: 0, ready: 0, pods: [] }, primary, 'it is scaled to 0'],
    ['where a pod is not Ready', { ready: 0 }, primary, '0 of 1 pods are Ready'],
    [
      'where nobody takes writes',
      {},
      standby,
      'no pod is known to take writes (orders-0: the server is in recovery, the store is not known to belong to this server, there is no base backup, WAL is not being received)',
    ],
    [
      'where the agent may not be asked',
      {},
      { kind: 'forbidden', right: 'get pods --subresource=proxy' },
      'no pod is known to take writes (orders-0: you may not ask it; wanted the right that `kubectl auth can-i get pods --subresource=proxy` asks about)',
    ],
    [
      'where the agent is silent',
      {},
      { kind: 'unreachable', reason: 'timed out' },
      'no pod is known to take writes (orders-0: its agent does not answer: timed out)',
    ],
  ])('%s', (_case, change, answered, reason) => {
    const found = setStatus(set(change), new Map([['orders-0', answered]]), '1.0.0');
    expect(found.reasons).toEqual([reason]);
    expect(found.safe).toBe(false);
  });

  test('where its schedule is not kept for more than an hour', () => {
    const late = answer((status) => {
      status.server = { kind: 'primary', major: 17, systemId: '7', timeline: 3 };
      status.store = { ...status.store, ours: true };
      status.restoreRefused = null;
      status.receiver = { ...status.receiver, streaming: true };
      const backup = { id: 'b', startedAt: at, finishedAt: at, timeline: 3, storedSize: 1, verified: true };
      status.backups = { ...status.backups, complete: [backup], nextAt: new Date('2026-11-29T10:59:59Z') };
    });
    expect(setStatus(set(), new Map([['orders-0', late]]), '1.0.0').reasons).toEqual([
      'the newest base backup is older than its schedule: one was due at 2026-11-29T10:59:59.000Z',
    ]);
  });
});

test('a set of standbys alone has no primary to look for', () => {
  expect(setStatus(set({ role: 'standby' }), new Map([['orders-0', standby]]), '1.0.0').reasons).toEqual([]);
});

test('another version of pgusher makes it stale, a silent standby and a full store are warnings', () => {
  const full = structuredClone(primary) as Extract<AgentAnswer, { kind: 'report' }>;
  const answers = new Map<string, AgentAnswer>([
    ['orders-0', { kind: 'report', report: { ...full.report, store: { free: 9, total: 100 } } }],
    ['orders-1', { kind: 'no-report' }],
    ['orders-2', standby],
  ]);
  const found = setStatus(set({ ...three, version: '0.9.0' }), answers, '1.0.0');
  expect(found).toMatchObject({ safe: true, injection: { stale: true } });
  expect(found.warnings).toEqual([
    'orders-1: its agent is older than this command and has no report; postgres.io/injection-version: latest takes a new one on, with a restart',
    'the store has 9 % left',
  ]);
});

test('what a stored set says: pods by their first ordinal, the port of the sidecar, the label', () => {
  const stored = {
    metadata: {
      namespace: 'shop',
      name: 'orders',
      labels: { 'postgres.io/managed': 'true' },
      annotations: { 'postgres.io/injection-version': '1.0.0', 'postgres.io/role': 'standby' },
    },
    spec: {
      replicas: 2,
      ordinals: { start: 3 },
      template: {
        spec: { initContainers: [{ name: 'pgusher-backup', ports: [{ name: 'pgusher', containerPort: 9999 }] }] },
      },
    },
    status: { readyReplicas: 1 },
  };
  expect(readManagedSet(stored)).toEqual({
    namespace: 'shop',
    name: 'orders',
    replicas: 2,
    ready: 1,
    pods: ['orders-3', 'orders-4'],
    role: 'standby',
    version: '1.0.0',
    agentPort: 9999,
  });
  expect(readManagedSet({ ...stored, metadata: { labels: { 'postgres.io/managed': 'yes' } } })).toBeNull();
});
