import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../scripts/cluster/until.ts';
import { backupNow } from '../../src/commands/backup-now.ts';
import { dump, dumps } from '../../src/commands/dump.ts';
import { list } from '../../src/commands/list.ts';
import { logs } from '../../src/commands/logs.ts';
import type { LogsOptions } from '../../src/commands/logs.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { startKubernetesApi } from '../cluster/kubernetes-api.ts';
import type { KubernetesApi } from '../cluster/kubernetes-api.ts';
import { root } from './support/run-pgusher.ts';
import { saidTerminal } from './support/said.ts';

/** `pgusher list`, `backup now` and `logs` against the Kubernetes API as it is on the wire. */

let api: KubernetesApi;
beforeEach(async () => {
  api = await startKubernetesApi();
  api.pages.set('/apis/apps/v1/namespaces/shop/statefulsets/orders', { code: 200, text: JSON.stringify(orders) });
  api.objects.set(pods, [podOf('orders-1'), podOf('orders-0'), { metadata: { name: 'orders-0', namespace: 'shop' } }]);
});
afterEach(() => {
  api.close();
});

const pods = '/api/v1/namespaces/shop/pods';
const orders = {
  metadata: { namespace: 'shop', name: 'orders', labels: { 'postgres.io/managed': 'true' } },
  spec: {
    replicas: 2,
    template: {
      spec: {
        initContainers: [{ name: 'pgusher-backup', ports: [{ name: 'pgusher', containerPort: 10_251 }] }],
        containers: [{ name: 'postgres', volumeMounts: [{ name: 'pgusher', mountPath: '/pgusher' }] }],
      },
    },
  },
};

function podOf(name: string, server: JsonObject = {}): JsonObject {
  const running = { state: { running: {} }, restartCount: 0 };
  return {
    metadata: { namespace: 'shop', name, uid: name, ownerReferences: [{ kind: 'StatefulSet', name: 'orders' }] },
    spec: { initContainers: [{ name: 'pgusher-backup' }], containers: [{ name: 'postgres' }, { name: 'exporter' }] },
    status: {
      initContainerStatuses: [{ name: 'pgusher-backup', ...running }],
      containerStatuses: [{ name: 'postgres', ...running, ...server }],
    },
  };
}

const where = (): { readonly kubeconfig: string; readonly namespace: string } => ({
  kubeconfig: api.kubeconfig,
  namespace: 'shop',
});

/** Each pod answers `position`; orders-1 takes writes, and answers what it is asked with `answer`. */
function primaryAnswers(
  command: string,
  answer: { readonly code: number; readonly out: string; readonly error: string },
) {
  const asked: string[] = [];
  api.run = (pod, container, [program, ...args]) => {
    asked.push(`${pod} ${container} ${String(program)} ${args.join(' ')}`);
    if (args[0] === 'position') return { code: 0, out: JSON.stringify({ takesWrites: pod === 'orders-1' }), error: '' };
    return pod === 'orders-1' && args.join(' ') === command ? answer : { code: 1, out: '', error: 'asked wrongly' };
  };
  return asked;
}

describe('pgusher list', () => {
  test('asks the agent beside the primary, and prints what it says', async () => {
    const asked = primaryAnswers('list', { code: 0, out: `${'a long list '.repeat(50)}\n`, error: '' });
    const said = saidTerminal();
    const code = await list('orders', undefined, { ...where(), json: false }, said.terminal);
    expect(said).toMatchObject({ out: `${'a long list '.repeat(50)}\n`, report: '' });
    expect(code).toBe(0);
    expect(asked).toContain('orders-1 pgusher-backup /opt/pgusher/bin/pgusher-agent list');
  });

  test('a store that cannot be read is exit code 1', async () => {
    primaryAnswers('list --json', { code: 1, out: '', error: 'the store is not mounted\n' });
    const said = saidTerminal();
    expect(await list('orders', undefined, { ...where(), json: true }, said.terminal)).toBe(1);
    expect(said).toMatchObject({ out: '', report: 'orders-1: the store is not mounted\n' });
  });

  test('names the rights where one is missing', async () => {
    api.run = () => 403;
    await expect(list('orders', 'orders-0', { ...where(), json: false }, saidTerminal().terminal)).rejects.toThrow(
      "you may not run the agent's commands in orders-0; wanted the rights that `kubectl auth can-i get pods --subresource=exec` and `kubectl auth can-i create pods --subresource=exec` ask about",
    );
    api.broken.set(pods, 403);
    await expect(list('orders', undefined, { ...where(), json: false }, saidTerminal().terminal)).rejects.toThrow(
      'the cluster does not let you: wanted the right that `kubectl auth can-i list pods -n shop` asks about',
    );
  });
});

describe('pgusher backup now', () => {
  test('says what it waits for, and prints the name of the base backup', async () => {
    primaryAnswers('backup now', { code: 0, out: '20261130T100000Z\n', error: '' });
    const said = saidTerminal();
    expect(await backupNow('orders', undefined, where(), said.terminal)).toBe(0);
    expect(said).toMatchObject({
      out: '20261130T100000Z\n',
      report:
        'orders-1 makes a base backup; this waits until it is complete, and it is made also where you do not wait\n',
    });
  });
});

describe('pgusher dump', () => {
  const plain = () => ({ ...where(), cronjob: false, within: 1 });

  test('says what it waits for, and prints the name of the dump', async () => {
    primaryAnswers('dump --database=shop --database=-x', { code: 0, out: '20261130T100000Z\n', error: '' });
    const said = saidTerminal();
    expect(await dump('orders', undefined, { ...plain(), database: ['shop', '-x'] }, said.terminal)).toBe(0);
    expect(said).toMatchObject({
      out: '20261130T100000Z\n',
      report: 'orders-1 makes a dump; this waits until it is complete, and it is made also where you do not wait\n',
    });
  });

  test('is exit code 1 where a database failed', async () => {
    primaryAnswers('dump', { code: 1, out: '', error: 'no dump was made: it broke\n' });
    const said = saidTerminal();
    expect(await dump('orders', undefined, { ...plain(), database: [] }, said.terminal)).toBe(1);
    expect(said.report).toContain('orders-1: no dump was made: it broke\n');
  });

  test('and what there is', async () => {
    primaryAnswers('dumps --json', { code: 0, out: '{}\n', error: '' });
    const said = saidTerminal();
    expect(await dumps('orders', undefined, { ...where(), json: true }, said.terminal)).toBe(0);
    expect(said).toMatchObject({ out: '{}\n', report: '' });
  });
});

describe('pgusher logs', () => {
  const log = (pod: string, container: string, more = ''): string =>
    `${pods}/${pod}/log?container=${container}&timestamps=true${more}`;

  async function shown(options: Partial<LogsOptions> = {}): Promise<string> {
    const said = saidTerminal();
    await logs('orders', 'orders-0', { ...where(), follow: false, ...options }, said.terminal);
    return said.out + said.report;
  }

  test('of the server and of what is ours, in the order of time, and of what crashed before', async () => {
    const lastState = { terminated: { exitCode: 139 } };
    api.objects.set(pods, [podOf('orders-0', { restartCount: 1, lastState })]);
    const page = (text: string) => ({ code: 200, text });
    api.pages.set(log('orders-0', 'pgusher-backup', '&tailLines=200'), page('2026-11-30T10:00:02Z streaming\n'));
    api.pages.set(log('orders-0', 'postgres', '&tailLines=200'), page('2026-11-30T10:00:03Z ready ä\n'));
    api.pages.set(
      log('orders-0', 'postgres', '&tailLines=200&previous=true'),
      page('2026-11-30T10:00:01Z signal 11\n2026-11-30T10:00:01Z cut off'),
    );
    expect(await shown()).toBe(
      [
        'orders-0/postgres (before) | signal 11',
        'orders-0/postgres (before) | cut off',
        'orders-0/pgusher-backup    | streaming',
        'orders-0/postgres          | ready ä',
        '',
      ].join('\n'),
    );
  });

  test('of the last minutes, and one that cannot be read does not keep the others', async () => {
    api.pages.set(log('orders-0', 'postgres', '&sinceSeconds=600'), {
      code: 200,
      text: '2026-11-30T10:00:03Z ready\n',
    });
    api.pages.set(log('orders-0', 'pgusher-backup', '&sinceSeconds=600'), {
      code: 500,
      text: '{"kind":"Status","message":"no kubelet"}',
    });
    expect(await shown({ since: 600 })).toBe(
      'orders-0/postgres       | ready\norders-0/pgusher-backup: its log cannot be read: no kubelet\n',
    );
  });

  test('without the right to it', async () => {
    api.broken.set(`${pods}/orders-0/log`, 403);
    await expect(shown()).rejects.toThrow(
      'the cluster does not let you: wanted the right that `kubectl auth can-i get pods --subresource=log -n shop` asks about',
    );
  });

  test('of a pod that is not there, or where nothing has run yet', async () => {
    api.objects.set(pods, [podOf('orders-1')]);
    expect(await shown()).toBe('there is no pod orders-0 in orders; wanted one of orders-1\n');
    const { metadata, spec } = podOf('orders-0');
    api.objects.set(pods, [{ metadata, spec, status: {} }]);
    expect(await shown()).toBe(
      'nothing has run yet in orders-0: `kubectl describe pod orders-0 -n shop` says what they wait for\n',
    );
  });

  test('--follow: what comes later, once, and the pod that is made in place of another', async () => {
    api.objects.set(pods, [podOf('orders-0')]);
    const page = (text: string): void => {
      api.pages.set(`${pods}/orders-0/log`, { code: 200, text });
    };
    page('2026-11-30T10:00:01Z one\n');
    const child = spawn(
      join(root, 'bin/pgusher'),
      ['logs', 'orders', '-f', '--kubeconfig', api.kubeconfig, '-n', 'shop'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    try {
      let text = '';
      const lines = (word: string): number => text.split(`orders-0/postgres       | ${word}\n`).length - 1;
      child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
      await until('the first look', 60_000, async () => lines('one') === 1 || undefined);
      // Each look opens the log anew, since the one before has ended.
      page('2026-11-30T10:00:01Z one\n2026-11-30T10:00:02Z two\n');
      await until('the second line', 60_000, async () => lines('two') === 1 || undefined);
      const { metadata, ...others } = podOf('orders-0');
      api.objects.set(pods, [{ ...others, metadata: { ...(metadata as JsonObject), uid: 'another' } }]);
      page('2026-11-30T10:00:00Z three\n');
      await until('the line of the new pod', 60_000, async () => lines('three') === 1 || undefined);
      expect([lines('one'), lines('two'), lines('three')]).toEqual([1, 1, 1]);
    } finally {
      child.kill();
    }
  });
});
