import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tryCommand } from '../../../../scripts/cluster/command.ts';
import type { CommandResult } from '../../../../scripts/cluster/command.ts';
import { install, untilInstalled } from '../../../../scripts/cluster/install.ts';
import { timeout } from '../../../../scripts/cluster/patience.ts';
import { until } from '../../../../scripts/cluster/until.ts';
import { helmProgram } from '../../../../scripts/helm/helm-program.ts';
import { createAuthority, issueServingCertificate } from '../../../../src/certificates/authority.ts';
import { askAllAlong } from '../../support/asked-all-along.ts';
import { isForeign, kubeconfig, kubectl, noCluster } from '../../support/cluster.ts';
import { scenario } from '../../support/scenario.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const manifests = join(root, 'manifests');
const chart = join(manifests, 'chart');
const configurations = 'mutatingwebhookconfiguration,validatingwebhookconfiguration';

/** The last commit whose manifests had no built-in certificates; there is no release before the first one. */
const earlier = '2201db2ac141f9215fbc16c283a61356c86767a4';
const history = spawnSync('git', ['-C', root, 'cat-file', '-e', earlier]).status === 0;
if (!history && !noCluster) {
  const reason = `commit ${earlier} is not in this clone; wanted: git fetch --unshallow`;
  if (process.env['CI'] === 'true') throw new Error(reason);
  console.warn(`skipped: ${reason}`);
}

const withoutPods = (): Promise<string> =>
  until('no pod of the webhook', 90_000, async () => {
    const pods = await kubectl(['-n', 'pgusher-system', 'get', 'pod', '-o', 'name', '--ignore-not-found']);
    return pods.includes('pod/pgusher-') ? undefined : 'none';
  });
const remove = async (): Promise<void> => {
  await kubectl(['delete', configurations, 'zz-pgusher', '--ignore-not-found']);
  await kubectl(['delete', '-k', manifests, '--ignore-not-found', timeout(120)]);
};
/** Until new pods are all there is. */
const rolledOut = async (): Promise<void> => {
  await kubectl(['-n', 'pgusher-system', 'rollout', 'status', 'deployment/pgusher', timeout(180)]);
  await until('the old pods to be gone', 90_000, async () => {
    const all = await kubectl([
      '-n',
      'pgusher-system',
      'get',
      'pod',
      '-l',
      'app.kubernetes.io/name=pgusher',
      '-o',
      'name',
    ]);
    return all.trim().split('\n').length === 2 ? all : undefined;
  });
};

/** docs/install.md: from one release to the next, from files to built-in certificates, and by Helm. The image is that of this tree all along. */
describe.skipIf(noCluster || isForeign || !history)('an upgrade of what is installed', () => {
  const here = scenario(import.meta.dirname);
  const directory = mkdtempSync(join(tmpdir(), 'pgusher-upgrade-'));
  let uid = '';

  beforeAll(async () => {
    await remove();
    const archive = execFileSync('git', ['-C', root, 'archive', earlier, 'manifests'], { maxBuffer: 2 ** 26 });
    execFileSync('tar', ['-x', '-C', directory], { input: archive });
    const period = { now: new Date(), days: 2 };
    const authority = createAuthority('pgusher', period);
    const names = { dnsNames: ['pgusher.pgusher-system.svc'] as const, addresses: [] };
    const serving = issueServingCertificate(authority, names, period);
    await kubectl(['apply', '-f', join(directory, 'manifests', 'base', 'namespace.yaml')]);
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'pgusher-webhook-certificate', namespace: 'pgusher-system' },
      stringData: { 'tls.crt': serving.certificate, 'tls.key': serving.key },
    };
    await kubectl(['apply', '-f', '-'], JSON.stringify(secret));
    await kubectl(['apply', '-k', join(directory, 'manifests', 'base')]);
    for (const kind of configurations.split(',')) {
      const count = (await kubectl(['get', kind, 'zz-pgusher', '-o', 'jsonpath={.webhooks[*].name}'])).split(
        ' ',
      ).length;
      const value = Buffer.from(authority.certificate).toString('base64');
      const patch = Array.from({ length: count }, (_, index) => [
        { op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value },
        { op: 'replace', path: `/webhooks/${index}/timeoutSeconds`, value: 30 },
      ]);
      await kubectl(['patch', kind, 'zz-pgusher', '--type=json', '-p', JSON.stringify(patch.flat())]);
    }
    await untilInstalled(kubectl);
    await here.apply('before.yaml');
    uid = await here.ready('before-0');
  });
  afterAll(async () => {
    rmSync(directory, { recursive: true });
    await install(kubectl);
    await untilInstalled(kubectl);
  });

  const set = (): string => here.read('before.yaml').split('---\n')[1] ?? '';
  const asked = (name: string) => askAllAlong(here.namespace, name, set().replace('name: before', `name: ${name}`));

  test('from the manifests of before, with a certificate of one’s own, to built-in ones: no admission fails', async () => {
    const stop = asked('asked');
    await install(kubectl);
    await rolledOut();
    const { injected, failed, ...all } = await stop();
    expect(failed).toEqual([]);
    expect(injected).toBe(all.asked);
    expect(all.asked).toBeGreaterThan(10);
  });

  test('the database of before runs on as it was, and a new one is injected', async () => {
    await here.apply('before.yaml');
    expect(await here.ready('before-0')).toBe(uid);
    expect(await here.get('statefulset/before', '.metadata.generation')).toBe('1');
    const applied = await here.kubectl([
      'apply',
      '--dry-run=server',
      '-o',
      'json',
      '-f',
      join(import.meta.dirname, 'after.yaml'),
    ]);
    expect(applied).toContain('pgusher-backup');
  });

  test('what is left over is the Secret of the certificate', async () => {
    const secrets = await kubectl([
      '-n',
      'pgusher-system',
      'get',
      'secret',
      '-o',
      'jsonpath={.items[*].metadata.name}',
    ]);
    expect(secrets.split(' ').toSorted()).toEqual(['pgusher-webhook-authority', 'pgusher-webhook-certificate']);
  });

  describe('with Helm', () => {
    let program = '';
    const attempt = (...args: readonly string[]): Promise<CommandResult> =>
      tryCommand(program, [...args, '--kubeconfig', kubeconfig], {
        environment: { HELM_CACHE_HOME: directory, HELM_CONFIG_HOME: directory, HELM_DATA_HOME: directory },
      });
    const helm = async (...args: readonly string[]): Promise<string> => {
      const { status, stdout, stderr } = await attempt(...args);
      if (status !== 0) throw new Error(`helm ${args.join(' ')} failed (${status}): ${stdout}${stderr}`);
      return stdout;
    };
    beforeAll(async () => {
      program = helmProgram('v4.3.2');
      await remove();
    });

    test('helm install, and helm test has the cluster ask it', async () => {
      await helm('install', 'pgusher', chart, '--set=timeoutSeconds=15', '--wait', timeout(180));
      await untilInstalled(kubectl);
      expect(await helm('test', 'pgusher', timeout(120))).toMatch(/Phase: +Succeeded/);
    });

    test('helm upgrade fails no apply, and restarts no database', async () => {
      const stop = asked('asked-again');
      const values = ['--set=timeoutSeconds=15,resources.requests.cpu=60m,config.settings.backup-keep=14'];
      await helm('upgrade', 'pgusher', chart, ...values, '--wait', timeout(180));
      await rolledOut();
      const { injected, failed, ...all } = await stop();
      expect(failed).toEqual([]);
      expect(injected).toBe(all.asked);
      expect(await here.ready('before-0')).toBe(uid);
    });

    test('helm test fails where nothing answers', async () => {
      await kubectl(['-n', 'pgusher-system', 'scale', 'deployment/pgusher', '--replicas=0']);
      await withoutPods();
      const { status } = await attempt('test', 'pgusher', timeout(120));
      expect(status).not.toBe(0);
      const said = await kubectl(['-n', 'pgusher-system', 'logs', 'pgusher-test']);
      expect(said).toContain('the apiserver cannot ask the webhook');
    });

    test('helm uninstall, also with nobody to ask: sets can be changed, and the database runs', async () => {
      await helm('uninstall', 'pgusher', '--wait', timeout(120));
      await here.kubectl(['annotate', 'statefulset', 'before', 'example.org/note=changed']);
      expect(await here.ready('before-0')).toBe(uid);
      expect(await kubectl(['get', 'namespace', 'pgusher-system', '--ignore-not-found'])).toBe('');
    });
  });
});
