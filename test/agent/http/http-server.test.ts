import { afterEach, describe, expect, it } from 'vitest';
import { newStatus } from '../../../src/agent/backup/agent-status.ts';
import type { AgentStatus } from '../../../src/agent/backup/agent-status.ts';
import { noteRecovery } from '../../../src/agent/backup/note-recovery.ts';
import { startHttp } from '../../../src/agent/http/http-server.ts';
import { runHealth } from '../../../src/agent/http/run-health.ts';
import { countRequest, newOffsiteStatus } from '../../../src/agent/offsite/offsite-status.ts';

const startedAt = new Date('2026-11-21T07:00:00Z');
let close: (() => Promise<void>) | undefined;
afterEach(async () => {
  await close?.();
});

async function serve(change: (status: AgentStatus) => void = () => undefined): Promise<string> {
  const status = newStatus({ namespace: 'shop', set: '<orders>', startedAt, backupWanted: true });
  change(status);
  const http = await startHttp({ status, host: '127.0.0.1', port: 0, now: () => startedAt });
  close = () => http.close();
  return `http://127.0.0.1:${http.port}`;
}

describe('the pages of the agent', () => {
  it('say that the agent lives', async () => {
    expect((await fetch(`${await serve()}/livez`)).status).toBe(200);
  });

  it('say that the schedule is not kept, from an hour on, and for how long', async () => {
    const url = await serve((status) => {
      const backup = { id: 'b', startedAt, finishedAt: startedAt, timeline: 1, storedSize: 1, verified: true };
      status.backups = { ...status.backups, complete: [backup], nextAt: new Date(startedAt.getTime() - 3_601_000) };
    });
    expect(await (await fetch(`${url}/readyz`)).text()).toContain(
      'the newest base backup is older than its schedule: one was due at 2026-11-21T05:59:59.000Z\n',
    );
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('pgusher_base_backup_overdue_seconds 3601\n');
    expect(await (await fetch(`${url}/report`)).json()).toMatchObject({
      backups: { overdueSince: '2026-11-21T05:59:59.000Z' },
    });
    const said: string[] = [];
    const print = { out: (line: string) => said.push(line), error: (line: string) => said.push(line) };
    expect(await runHealth(Number(new URL(url).port), print)).toBe(1);
    expect(said[0]).toContain('older than its schedule');
  });

  it('tell nothing of the schedule and the slots that a standby had when it was primary', async () => {
    const url = await serve((status) => {
      status.backups.nextAt = new Date(startedAt.getTime() - 86_400_000);
      status.standbySlots = [
        { name: 'pgusher_orders_1', lost: null, unusedSince: startedAt, retainedBytes: 5e8, limitBytes: null },
      ];
      noteRecovery(status);
    });
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('pgusher_server_in_recovery 1\n');
    expect(text).toContain('pgusher_base_backup_overdue_seconds 0\n');
    expect(text).not.toContain('pgusher_orders_1');
    expect(await (await fetch(`${url}/readyz`)).text()).not.toContain('schedule');
  });

  it('are asked by the health command, which says when nobody answers', async () => {
    const port = Number(new URL(await serve()).port);
    await close?.();
    close = undefined;
    const said: string[] = [];
    const print = { out: (line: string) => said.push(line), error: (line: string) => said.push(line) };
    expect(await runHealth(port, print)).toBe(2);
    expect(said).toEqual([
      `no agent answers on port ${port} (connect ECONNREFUSED 127.0.0.1:${port}); wanted \`pgusher-agent backup\` running in this pod: kubectl logs POD -c pgusher-backup`,
    ]);
  });

  it('name the port that another process has, and what to do', async () => {
    const port = Number(new URL(await serve()).port);
    const status = newStatus({ namespace: 'shop', set: 'orders', startedAt, backupWanted: true });
    await expect(startHttp({ status, host: '127.0.0.1', port, now: () => startedAt })).rejects.toThrow(
      `port ${port} is taken by another process; wanted it free for the agent's probes and metrics. The containers of a pod share one network, and with hostNetwork all pods of the node do. Write postgres.io/agent-port: "<a port that is free>" on the StatefulSet`,
    );
  });

  it('say why nothing is protected, a line each', async () => {
    const answer = await fetch(`${await serve()}/readyz`);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toBe(
      'the server is not there: not tried yet\nthe store is not known to belong to this server\nthere is no base backup\nWAL is not being received\n',
    );
  });

  it('show explicit zeros and "protected 0" where there never was a backup', async () => {
    const text = await (await fetch(`${await serve()}/metrics`)).text();
    const values = Object.fromEntries(
      text
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => line.split(' ')),
    ) as Record<string, string>;
    expect(values).toEqual({
      pgusher_protected: '0',
      pgusher_restore_possible: '0',
      pgusher_synchronous_streaming: '0',
      pgusher_synchronous_wanted: '0',
      pgusher_server_primary: '0',
      pgusher_server_in_recovery: '0',
      pgusher_backup_wanted: '1',
      pgusher_server_standby: '0',
      pgusher_standby_streaming: '0',
      pgusher_slot_retained_bytes: '0',
      pgusher_slot_limit_bytes: '0',
      pgusher_recoverable_from_timestamp_seconds: '0',
      pgusher_recoverable_to_timestamp_seconds: '0',
      pgusher_base_backups: '0',
      pgusher_last_base_backup_timestamp_seconds: '0',
      pgusher_last_base_backup_bytes: '0',
      pgusher_base_backup_overdue_seconds: '0',
      pgusher_base_backup_running: '0',
      pgusher_last_wal_flushed_timestamp_seconds: '0',
      pgusher_wal_receiver_streaming: '0',
      pgusher_wal_lag_bytes: '0',
      pgusher_wal_lag_seconds: '0',
      pgusher_wal_gap_total: '0',
      pgusher_wal_segments_moved_total: '0',
      pgusher_last_verification_timestamp_seconds: '0',
      pgusher_last_verification_success: '0',
      pgusher_store_bytes_free: '0',
      pgusher_store_bytes_total: '0',
      pgusher_last_failure_timestamp_seconds: '0',
      pgusher_archive_followed: '0',
      pgusher_archive_lag_seconds: '0',
      pgusher_archive_replayed_through_timestamp_seconds: '0',
      pgusher_archive_store_through_timestamp_seconds: '0',
      pgusher_dump_wanted: '0',
      pgusher_dump_count: '0',
      pgusher_dump_running: '0',
      pgusher_dump_last_timestamp_seconds: '0',
      pgusher_dump_last_bytes: '0',
      pgusher_dump_last_failures: '0',
      pgusher_dump_overdue_seconds: '0',
      pgusher_offsite_wanted: '0',
      pgusher_offsite_ours: '0',
      pgusher_offsite_base_backups: '0',
      pgusher_offsite_last_push_timestamp_seconds: '0',
      pgusher_offsite_lag_bytes: '0',
      pgusher_offsite_lag_seconds: '0',
      pgusher_offsite_last_wal_timestamp_seconds: '0',
      'pgusher_slot_status{status="missing"}': '1',
      'pgusher_slot_status{status="reserved"}': '0',
      'pgusher_slot_status{status="extended"}': '0',
      'pgusher_slot_status{status="unreserved"}': '0',
      'pgusher_slot_status{status="lost"}': '0',
    });
  });

  it('name each kind of trouble as a label, never its words', async () => {
    const url = await serve((status) => {
      status.failures.set('store', { at: startedAt, message: 'ENOSPC' });
    });
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('pgusher_failure{kind="store"} 1');
    expect(text).not.toContain('ENOSPC');
  });

  it('say how the off-site copy is, and what was asked of its place', async () => {
    const url = await serve((status) => {
      const offsite = newOffsiteStatus('s3://backups', 5);
      status.offsite = { ...offsite, lagBytes: 17, completeAt: startedAt };
      countRequest(offsite)('put', 'done');
      countRequest(offsite)('put', 'done');
      countRequest(offsite)('list', 'denied');
      status.failures.set('offsite', { at: startedAt, message: 'PUT x: 403' });
    });
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('pgusher_offsite_wanted 1');
    expect(text).toContain('pgusher_offsite_lag_bytes 17');
    expect(text).toContain('pgusher_offsite_requests_total{operation="put",outcome="done"} 2');
    expect(text).toContain('pgusher_offsite_requests_total{operation="list",outcome="denied"} 1');
    expect(await (await fetch(`${url}/readyz`)).text()).toContain('offsite: PUT x: 403');
    expect(await (await fetch(url)).text()).toContain('off-site copy');
  });

  it('name the slots of standbys, and what to do about one that nobody uses', async () => {
    const url = await serve((status) => {
      status.standbySlots = [
        { name: 'pgusher_orders_1', lost: null, unusedSince: null, retainedBytes: 0, limitBytes: 2 ** 30 },
        { name: 'pgusher_orders_2', lost: null, unusedSince: startedAt, retainedBytes: 5e8, limitBytes: 2 ** 30 },
        { name: 'pgusher_orders_3', lost: null, unusedSince: startedAt, retainedBytes: 5e8, limitBytes: null },
        {
          name: 'pgusher_orders_4',
          lost: 'idle_timeout',
          unusedSince: startedAt,
          retainedBytes: 0,
          limitBytes: 2 ** 30,
        },
      ];
    });
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('pgusher_standby_slot_used{slot="pgusher_orders_1"} 1');
    expect(text).toContain('pgusher_standby_slot_used{slot="pgusher_orders_2"} 0');
    expect(text).toContain('pgusher_standby_slot_retained_bytes{slot="pgusher_orders_2"} 500000000');
    const page = await (await fetch(url)).text();
    expect(page).toContain('<tr><th>slot pgusher_orders_1</th><td>in use</td></tr>');
    expect(page).toContain('keeps 500 MB of WAL, at most 1.1 GB (max_slot_wal_keep_size). Where that standby is gone');
    expect(page).toContain(
      'until the disk is full, since max_slot_wal_keep_size is not set. Where that standby is gone',
    );
    expect(page).toContain('SELECT pg_drop_replication_slot(&#39;pgusher_orders_3&#39;)');
    expect(text).toContain('pgusher_standby_slot_lost{slot="pgusher_orders_3"} 0');
    expect(text).toContain('pgusher_standby_slot_lost{slot="pgusher_orders_4"} 1');
    expect(page).toContain('LOST: the standby of slot pgusher_orders_4 does not follow any more');
    expect(page).toContain('nobody used it for idle_replication_slot_timeout');
  });

  it('tell a person, with everything escaped', async () => {
    const answer = await fetch(await serve());
    const page = await answer.text();
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page).toContain('<h1>shop/&#60;orders&#62;: <span class="bad">NOT PROTECTED</span></h1>');
    expect(page).toContain('<li>there is no base backup</li>');
    expect(page).not.toMatch(/<script|<form|<button/);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('change nothing by %s', async (method) => {
    const answer = await fetch(`${await serve()}/`, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
  });

  it('know no other path', async () => {
    expect((await fetch(`${await serve()}/backup`)).status).toBe(404);
  });
});
