import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { certificates } from '../../src/commands/certificates.ts';
import type { CertificatesReport } from '../../src/commands/certificates-text.ts';
import { saidTerminal } from '../commands/support/said.ts';
import { missingTools } from '../support/tool.ts';
import { startBalancer } from './support/balancer.ts';
import type { Balancer } from './support/balancer.ts';
import { startControlPlane, until } from './support/control-plane.ts';
import type { ControlPlane } from './support/control-plane.ts';
import { textApi } from './support/direct-api.ts';
import { accountKubeconfig, startReplica } from './support/replicas.ts';
import type { Replica } from './support/replicas.ts';
import { ordersManifest } from './support/stateful-set.ts';

const manifests = join(import.meta.dirname, '..', '..', 'manifests');
const resources = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'] as const;

/** Seconds: leaf, authority, and how long reviews are asked for. The figures of bench/README.md: PGUSHER_ROTATION='60 60 600'. */
const [leafLife = 0, authorityLife = 0, duration = 0] = (process.env['PGUSHER_ROTATION'] ?? '12 36 75')
  .split(' ')
  .map(Number);

describe.skipIf(missingTools('go'))('built-in certificates, with a real kube-apiserver', () => {
  let cluster: ControlPlane;
  let kubeconfig: string;
  let balancer: Balancer;
  const started = new Set<Replica>();

  beforeAll(async () => {
    cluster = await startControlPlane([], { routesServices: true });
    cluster.kubectl(['apply', '-k', manifests]);
    kubeconfig = accountKubeconfig(cluster);
    balancer = await startBalancer(cluster);
  });
  afterEach(async () => {
    for (const replica of started) await stop(replica);
    cluster.tryKubectl([
      '-n',
      'pgusher-system',
      'patch',
      'secret',
      'pgusher-webhook-authority',
      '--type=json',
      '-p',
      removeData,
    ]);
  });
  afterAll(async () => {
    (balancer as Balancer | undefined)?.close();
    await (cluster as ControlPlane | undefined)?.stop();
  });

  const removeData = JSON.stringify([{ op: 'remove', path: '/data' }]);

  const start = async (...flags: readonly string[]): Promise<Replica> => {
    const replica = await startReplica(kubeconfig, ...flags);
    started.add(replica);
    return replica;
  };
  const stop = async (replica: Replica): Promise<void> => {
    balancer.remove(replica.port);
    started.delete(replica);
    await replica.kill();
  };
  const ready = async (replica: Replica): Promise<void> => {
    await until('a replica to be ready', 60_000, async () => (await replica.readiness()) === 'ok\n').catch(
      async (cause: unknown) => {
        throw new Error(`Not ready: ${await replica.readiness()}${replica.written()}`, { cause });
      },
    );
    balancer.add(replica.port);
  };

  const person = () => ({
    kubeconfig: cluster.kubeconfig,
    webhookNamespace: 'pgusher-system',
    webhookName: 'pgusher',
  });

  /** Of all webhooks, as they are stored. */
  const storedBundles = (): readonly string[] =>
    resources.flatMap((resource) => {
      const object = JSON.parse(cluster.kubectl(['get', resource, 'zz-pgusher', '-o', 'json'])) as {
        webhooks: { clientConfig: { caBundle?: string } }[];
      };
      return object.webhooks.map(({ clientConfig }) => Buffer.from(clientConfig.caBundle ?? '', 'base64').toString());
    });
  const storedAuthorities = (): string =>
    cluster.kubectl(['-n', 'pgusher-system', 'get', 'secret', 'pgusher-webhook-authority', '-o', 'jsonpath={.data}']);

  test('applied, and nothing else: three that start at once agree on one authority, and the apiserver calls them', async () => {
    const replicas = await Promise.all([start(), start(), start()]);
    await Promise.all(replicas.map(ready));
    const made = replicas.flatMap((replica) => replica.logged().filter(({ msg }) => msg === 'authority: made'));
    expect(made).toHaveLength(1);
    const [bundle = '', ...others] = storedBundles();
    expect(bundle.match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
    expect(new Set(others)).toEqual(new Set([bundle]));
    for (const replica of replicas) expect(await replica.served(bundle)).toMatchObject({ distrust: '' });
    // Not by kubectl, which this process would wait for while its own balancer should work.
    const api = textApi(cluster);
    await until('the apiserver to call it', 30_000, async () => {
      const { text } = await api(
        'POST',
        '/apis/apps/v1/namespaces/default/statefulsets?dryRun=All',
        parse(ordersManifest()),
      );
      return text.includes('pgusher-restore');
    });

    // Whoever applies the manifests again takes nothing away, in either way.
    const authorities = storedAuthorities();
    expect(authorities).toContain('authorities.json');
    for (const flags of [[], ['--server-side', '--force-conflicts']]) {
      cluster.kubectl(['apply', '-k', manifests, ...flags]);
      expect(storedBundles()).toEqual([bundle, ...others]);
      expect(storedAuthorities()).toBe(authorities);
    }

    // Whatever somebody does to a bundle is put right within seconds.
    for (const op of [
      { op: 'remove', path: '/webhooks/0/clientConfig/caBundle' },
      { op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value: Buffer.from('\n').toString('base64') },
    ]) {
      cluster.kubectl(['patch', resources[1], 'zz-pgusher', '--type=json', '-p', JSON.stringify([op])]);
      await until('the bundle to be back', 10_000, () => storedBundles().every((text) => text === bundle));
    }

    // A configuration that is taken away is nobody's to bring back but the manifests'; then it has its bundle.
    const file = join(manifests, 'base', 'validating-webhook.yaml');
    cluster.kubectl(['delete', '-f', file]);
    await sleep(2000);
    expect(cluster.tryKubectl(['get', resources[1], 'zz-pgusher']).status).toBe(1);
    cluster.kubectl(['apply', '--server-side', '-f', file]);
    await until('the bundle to be there', 10_000, () => storedBundles().every((text) => text === bundle));

    // An upgrade may take a webhook out, applied on the server too: no entry is held by what is ours in it.
    const configuration = parse(readFileSync(file, 'utf8')) as { webhooks: unknown[] };
    configuration.webhooks.pop();
    cluster.kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(configuration));
    expect(storedBundles()).toHaveLength(others.length);
    cluster.kubectl(['apply', '--server-side', '-f', file]);
    await until('the bundle to be whole', 10_000, () => storedBundles().every((text) => text === bundle));
    for (const replica of replicas) expect(await replica.readiness()).toBe('ok\n');

    // What a person sees of it. No node runs the replicas, so the endpoint has no pod: that is said.
    const shown = saidTerminal();
    expect(await certificates('show', { ...person(), json: true }, shown.terminal)).toBe(1);
    const name = /^CN=pgusher webhook authority [0-9a-f]{8} (?:[0-9A-F]{2}:){7}[0-9A-F]{2}$/;
    const report = JSON.parse(shown.out) as CertificatesReport;
    expect(report).toMatchObject({
      mode: 'built-in',
      authorities: [{ state: 'signs', certificate: expect.stringMatching(name) as string }],
      troubles: ['no replica is ready'],
    });
    expect(report.bundles.map((one) => one.certificates)).toEqual(
      Array(others.length + 1).fill([report.authorities[0]?.certificate]),
    );
    expect(shown.out).not.toContain('PRIVATE');

    // Orders of a person.
    const serials = async () => Promise.all(replicas.map(async (replica) => (await replica.served(bundle)).serial));
    const before = await serials();
    order('renew-certificates', 'one');
    await until('other certificates', 20_000, async () =>
      (await serials()).every((serial) => serial !== '' && !before.includes(serial)),
    );
  });

  test('a Secret that is lost costs no call: what is served stays in the bundles beside the new authority', async () => {
    const replicas = await Promise.all([start(), start()]);
    await Promise.all(replicas.map(ready));
    const [before = ''] = storedBundles();
    cluster.kubectl(['-n', 'pgusher-system', 'delete', 'secret', 'pgusher-webhook-authority']);
    await until('somebody to miss it', 10_000, () => replicas.some((one) => one.written().includes('is not there')));
    for (const replica of replicas) expect(await replica.readiness()).toBe('ok\n');
    cluster.kubectl(['apply', '-k', manifests]);
    await until('another authority', 60_000, () =>
      storedBundles().every((text) => text.endsWith(before) && text !== before),
    );
    for (const replica of replicas) {
      expect(await replica.readiness()).toBe('ok\n');
      expect(await replica.served(before)).toMatchObject({ distrust: '' });
    }
    // One that starts now has its certificate from the new one.
    const late = await start();
    await ready(late);
    expect(await late.served(storedBundles()[0] ?? '')).toMatchObject({ distrust: '' });
  });

  const order = (name: string, text: string): void => {
    cluster.kubectl([
      ...['-n', 'pgusher-system', 'annotate', 'secret', 'pgusher-webhook-authority', '--overwrite'],
      `postgres.io/${name}=${text}`,
    ]);
  };

  test('a right that is missing is named, and so is an apiserver that does not answer', async () => {
    cluster.kubectl(['-n', 'pgusher-system', 'create', 'serviceaccount', 'nobody']);
    const nobody = await startReplica(accountKubeconfig(cluster, 'nobody'));
    started.add(nobody);
    const away = join(cluster.directory, 'away.kubeconfig');
    writeFileSync(away, readFileSync(kubeconfig, 'utf8').replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1'));
    const alone = await startReplica(away);
    started.add(alone);
    await until('the right', 30_000, async () => (await nobody.readiness()).includes('the right to get '));
    expect(await nobody.readiness()).toContain(
      'webhookconfigurations/zz-pgusher is missing; wanted: the roles of manifests/base/certificates.yaml, and their bindings\n',
    );
    await until('the address', 30_000, async () => (await alone.readiness()).includes('127.0.0.1:1'));
    expect(await alone.readiness()).toContain(
      'not ready: the certificate: the apiserver at https://127.0.0.1:1 cannot be asked: ',
    );
  });

  test('no review fails while leaves and authorities are rotated and one replica after the other is killed', async () => {
    const flags = ['--leaf-life', `${leafLife}s`, '--authority-life', `${authorityLife}s`];
    const phases = [
      'authority: made',
      'authority: next made',
      'authority: next announced',
      'authority: next signs',
      'authority: previous gone',
      'certificate made',
    ];
    const living: Replica[] = await Promise.all([start(...flags), start(...flags), start(...flags)]);
    const all = [...living];
    const killedAt: string[] = [];
    const starting: Promise<void>[] = [];
    let closed: Promise<void> | undefined;
    let inHand = 0;
    const failures: string[] = [];
    let reviews = 0;
    let handshakes = 0;
    const api = textApi(cluster);
    const orders = { ...(parse(ordersManifest()) as object) };

    /** Between two reviews: what a process had in hand when it was killed is lost whatever certificate it has. */
    const alone = async (act: () => Promise<void>): Promise<void> => {
      let open = (): void => undefined;
      closed = new Promise((resolve) => (open = resolve));
      while (inHand > 0) await sleep(1);
      await act();
      closed = undefined;
      open();
    };
    const review = async (end: number): Promise<void> => {
      while (Date.now() < end) {
        while (closed !== undefined) await closed;
        inHand += 1;
        const answer = await api('POST', '/apis/apps/v1/namespaces/default/statefulsets?dryRun=All', orders);
        inHand -= 1;
        reviews += 1;
        if (answer.status !== 201 || !answer.text.includes('pgusher-restore')) {
          failures.push(`${new Date().toISOString()} ${answer.status} ${answer.text.slice(0, 400)}`);
        }
      }
    };
    /** Kills whoever took the step, right after it. */
    const killActors = async (): Promise<void> => {
      for (const replica of [...living]) {
        const phase = phases.find((one) => !killedAt.includes(one) && replica.logged().some(({ msg }) => msg === one));
        // The first leaf is no renewal.
        const renewals = replica.logged().filter(({ msg }) => msg === 'certificate made').length - 1;
        if (phase === undefined || (phase === 'certificate made' && renewals < 1)) continue;
        // Somebody must be left to answer, but for the first, before anybody asks.
        if (phase !== 'authority: made' && balancer.isAlone(replica.port)) continue;
        killedAt.push(phase);
        living.splice(living.indexOf(replica), 1);
        await alone(async () => {
          await stop(replica);
          await balancer.cut();
        });
        const other = await start(...flags);
        living.push(other);
        all.push(other);
        starting.push(ready(other));
        return;
      }
    };

    await until('the first to make an authority', 30_000, async () => {
      await killActors();
      return killedAt.length > 0;
    });
    await Promise.all([...living.slice(0, 2).map(ready), ...starting]);
    const first = { ...orders };
    await until(
      'the apiserver to call',
      30_000,
      async () => (await api('POST', '/apis/apps/v1/namespaces/default/statefulsets?dryRun=All', first)).status === 201,
    );

    const end = Date.now() + duration * 1000;
    const asking = [review(end), review(end)];
    // One more rotation than would be due, ordered by a person, who sees each step.
    const rotating = saidTerminal();
    const rotated = certificates('rotate', { ...person(), json: false, every: 50 }, rotating.terminal);
    while (Date.now() < end) {
      await killActors();
      // Else the apiserver would go on with connections that were made under earlier certificates.
      await alone(async () => {
        await balancer.cut();
      });
      const bundles = storedBundlesIn(
        await Promise.all(
          resources.map(async (one) => api('GET', `/apis/admissionregistration.k8s.io/v1/${one}/zz-pgusher`)),
        ),
      );
      for (const bundle of bundles) {
        const replica = living[handshakes % living.length];
        // Those that are not ready yet get no calls.
        if (replica === undefined || (await replica.readiness()) !== 'ok\n') continue;
        handshakes += 1;
        const { distrust } = await replica.served(bundle);
        if (distrust !== '') failures.push(`${new Date().toISOString()} port ${replica.port}: ${distrust}`);
      }
    }
    await Promise.all([...asking, ...starting]);
    const events = all.flatMap((replica) => replica.logged().map(({ msg }) => msg));
    const leaves = events.filter((msg) => msg === 'certificate made').length - all.length;
    const authorities = events.filter((msg) => msg === 'authority: next signs').length;
    console.log(
      `lives of ${leafLife} s and ${authorityLife} s, ${duration} s: ${reviews} reviews over ${balancer.connections()} connections, ${handshakes} handshakes, ` +
        `${failures.length} failures; ${leaves} leaves renewed, ${authorities} authorities rotated, killed at ${killedAt.join(', ')}`,
    );
    expect(failures).toEqual([]);
    expect(await rotated).toBe(0);
    expect(rotating.out).toMatch(
      /^ordered: a new authority\n[^]*it is in every caBundle; [^]*\nthe new authority signs; done\n$/,
    );
    expect(reviews).toBeGreaterThan(duration);
    expect(killedAt.toSorted()).toEqual(phases.toSorted());
    expect(leaves).toBeGreaterThanOrEqual(5);
    expect(authorities).toBeGreaterThanOrEqual(2);
  });
});

function storedBundlesIn(answers: readonly { readonly text: string }[]): readonly string[] {
  return answers.flatMap(({ text }) => {
    const { webhooks } = JSON.parse(text) as { webhooks: { clientConfig: { caBundle?: string } }[] };
    return [
      ...new Set(webhooks.map(({ clientConfig }) => Buffer.from(clientConfig.caBundle ?? '', 'base64').toString())),
    ];
  });
}
