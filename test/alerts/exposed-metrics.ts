import { newStatus, slotStatuses } from '../../src/agent/backup/agent-status.ts';
import type { FailureKind } from '../../src/agent/backup/agent-status.ts';
import { startHttp } from '../../src/agent/http/http-server.ts';
import { countRequest, newOffsiteStatus } from '../../src/agent/offsite/offsite-status.ts';
import type { WatchState } from '../../src/cluster/facts.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { Tally } from '../../src/server/tally.ts';
import { managedSet, reviewOf } from '../support/review.ts';
import { startWebhook } from '../support/webhook.ts';

const at = new Date('2026-11-29T12:00:00Z');

/** The labels of each metric, as the pages of an agent and of a webhook print them: something of each kind has happened there. */
export async function exposedMetrics(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const found = new Map<string, Set<string>>();
  for (const page of [await agentPage(), await webhookPage(), await lookUpsPage()]) {
    for (const [, name = '', labels = ''] of page.matchAll(/^(\w+)(\{.*\})? \S+$/gm)) {
      const known = found.get(name) ?? new Set<string>();
      for (const [, label = ''] of labels.matchAll(/[{,](\w+)="/g)) known.add(label);
      found.set(name, known);
    }
  }
  return found;
}

/** The values of labels that an expression may ask for, as they are written in the code; `code` is that of HTTP. */
export const labelValues: Readonly<Record<string, readonly string[]>> = {
  status: slotStatuses,
  kind: ['passwords', 'offsite', 'commits', 'dump'] satisfies readonly FailureKind[],
  state: ['synced', 'not-synced', 'forbidden', 'idle'] satisfies readonly WatchState[],
};

/** What Prometheus adds to each series of a pod; manifests/components/prometheus-operator has PodMonitors, which bring these. */
export const targetLabels = ['namespace', 'pod', 'container'];

async function agentPage(): Promise<string> {
  const status = newStatus({ namespace: 'shop', set: 'orders', startedAt: at, backupWanted: true });
  status.failures.set('store', { at, message: 'full' });
  status.standbySlots = [
    { name: 'pgusher_orders_1', lost: null, unusedSince: null, retainedBytes: 0, limitBytes: null },
  ];
  const offsite = newOffsiteStatus('s3://backups', 5);
  countRequest(offsite)('put', 'done');
  status.offsite = offsite;
  const http = await startHttp({ status, host: '127.0.0.1', port: 0, now: () => at });
  try {
    return await (await fetch(`http://127.0.0.1:${String(http.port)}/metrics`)).text();
  } finally {
    await http.close();
  }
}

async function webhookPage(): Promise<string> {
  const webhook = await startWebhook();
  try {
    await webhook.post('/mutate', JSON.stringify(reviewOf({ object: managedSet({ args: ['-c', 'fsync=off'] }) })));
    await webhook.post('/mutate', 'no review');
    return (await webhook.post('/metrics', '', {}, 'GET')).text;
  } finally {
    webhook.stop();
  }
}

/** The webhook above watches no cluster, and nobody went away from it. */
async function lookUpsPage(): Promise<string> {
  const tally = new Tally();
  tally.aborted('mutate');
  const lookUps = (): ReadonlyMap<string, WatchState> => new Map([['services', 'forbidden']]);
  return (await createMetrics(tally, { version: '1', certificateEnd: () => at, lookUps })()).body;
}
