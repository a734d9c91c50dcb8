import type { Overview } from '../../../src/page/overview.ts';
import type { SetStatus } from '../../../src/status/set-status.ts';

export const now = new Date('2026-11-29T12:00:00Z');

/** `2026-11-20T03:00:00Z`: so many hours before now. */
export function hoursAgo(hours: number): string {
  return new Date(now.getTime() - hours * 3_600_000).toISOString();
}

/** A set that is safe, with what a test wants to be otherwise. */
export function aSet(given: Partial<SetStatus> = {}): SetStatus {
  return {
    namespace: 'shop',
    name: 'orders',
    safe: true,
    reasons: [],
    warnings: [],
    pods: { ready: 1, wanted: 1 },
    primary: 'orders-0',
    timeline: 1,
    injection: { version: '0.1.0', stale: false },
    recoverable: { from: hoursAgo(168), to: now.toISOString() },
    backups: {
      count: 7,
      running: false,
      newest: { id: '20261129T030000Z', finishedAt: hoursAgo(9), verified: true },
      nextAt: null,
      overdueSince: null,
      lastVerification: null,
    },
    wal: { streaming: true, lagBytes: 0, lagSeconds: 0.2, slot: 'pgusher', gaps: 0 },
    store: { free: 60, total: 100 },
    archive: null,
    dumps: null,
    ...given,
  };
}

/** What the picture in the docs shows. */
export const sets: readonly SetStatus[] = [
  aSet(),
  aSet({
    name: 'payments',
    primary: 'payments-1',
    pods: { ready: 3, wanted: 3 },
    timeline: 2,
    recoverable: { from: hoursAgo(336), to: now.toISOString() },
  }),
  aSet({
    namespace: 'analytics',
    name: 'events',
    safe: false,
    primary: 'events-0',
    reasons: ['WAL has not been received for 31 h: the store does not answer'],
    warnings: ['the store has 4 % left'],
    recoverable: { from: hoursAgo(240), to: hoursAgo(31) },
    wal: { streaming: false, lagBytes: 1_000_000, lagSeconds: 111_600, slot: 'pgusher', gaps: 0 },
    store: { free: 4, total: 100 },
  }),
  aSet({
    namespace: 'crm',
    name: 'contacts',
    safe: false,
    reasons: ['nothing is injected: it was labelled while the webhook did not answer. Apply it again'],
    primary: null,
    recoverable: null,
    backups: null,
    wal: null,
    store: null,
    injection: { version: null, stale: false },
  }),
];

export function sample(given: Partial<Overview> = {}): Overview {
  return {
    at: now,
    version: '0.1.0',
    replica: 'pgusher-6c9f8d7b5-x2x7k',
    sets: { kind: 'known', at: new Date(now.getTime() - 12_000), sets },
    decisions: {
      since: new Date(now.getTime() - 3_600_000),
      newest: [
        {
          at: new Date(now.getTime() - 61_000),
          webhook: 'mutate',
          operation: 'CREATE',
          namespace: 'crm',
          name: 'leads',
          dryRun: false,
          decision: 'denied',
          checks: ['image-latest', 'pgdata-is-mount-point'],
        },
        {
          at: new Date(now.getTime() - 1_800_000),
          webhook: 'mutate',
          operation: 'UPDATE',
          namespace: 'shop',
          name: 'orders',
          dryRun: true,
          decision: 'carried-forward',
          checks: [],
        },
      ],
      byDecision: [
        { name: 'denied', count: 1 },
        { name: 'carried-forward', count: 1 },
      ],
      byCheck: [
        { name: 'image-latest', count: 1 },
        { name: 'pgdata-is-mount-point', count: 1 },
      ],
    },
    certificates: [
      {
        what: 'serves here',
        subject: 'CN=pgusher.pgusher-system.svc',
        from: new Date('2026-11-20T00:00:00Z'),
        to: new Date('2026-12-20T00:00:00Z'),
      },
      {
        what: 'known to the apiserver',
        subject: 'CN=pgusher authority',
        from: new Date('2026-06-01T00:00:00Z'),
        to: new Date('2028-06-01T00:00:00Z'),
      },
    ],
    remarks: [],
    ...given,
  };
}

/** As many sets as a large cluster has; one of ten is not safe. */
export function manySets(count: number): readonly SetStatus[] {
  return Array.from({ length: count }, (_, index) => {
    const safe = index % 10 !== 0;
    return aSet({
      namespace: `team-${String(index % 40)}`,
      name: `db-${String(index)}`,
      safe,
      reasons: safe ? [] : ['the last base backup failed: no space left on device'],
      recoverable: { from: hoursAgo(24 + (index % 700)), to: hoursAgo(safe ? 0 : 5) },
    });
  });
}
