import { once } from 'node:events';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../../scripts/cluster/until.ts';
import { startInPod } from '../../../src/cluster/exec-in-pod.ts';
import { kubeconfig, kubectl, noCluster } from '../support/cluster.ts';
import { pgusher } from '../support/command-line.ts';
import type { CommandAnswer } from '../support/command-line.ts';
import { loseData } from '../support/lose-data.ts';
import { scenario } from '../support/scenario.ts';
import { heldRows, lost, startWriters, table } from '../support/writers.ts';

const podRoles = join(import.meta.dirname, '../../../manifests/components/pod-roles');
const pods = ['db-0', 'db-1', 'db-2'] as const;

/** Three pods, one primary at a time, commits that wait for one of the others, and a person who promotes by the apiserver, as docs/standbys.md says. */
describe.skipIf(noCluster)('a set whose primary changes', () => {
  const here = scenario(import.meta.dirname);
  const promote = (...args: readonly string[]): Promise<CommandAnswer> =>
    pgusher('promote', 'db', '--namespace', here.namespace, ...args);
  const inRecovery = (pod: string): Promise<string> => here.sql(pod, 'SELECT pg_is_in_recovery()');
  const recorded = (): Promise<string> => here.get('configmap/db-pgusher', '.data.primary');
  const selected = (service: string): Promise<string> =>
    here.get(`service/${service}`, '.spec.selector.statefulset\\.kubernetes\\.io/pod-name');
  /** Names of the slots with which others stream. */
  const untilFollowed = (primary: string, by: readonly string[]): Promise<unknown> =>
    until(`${by.join(' and ')} to follow ${primary}`, 180_000, async () => {
      const slots = await here.sql(
        primary,
        "SELECT string_agg(slot_name, ' ' ORDER BY slot_name) FROM pg_replication_slots WHERE active AND slot_name LIKE 'pgusher_db_%'",
      );
      return slots === by.map((pod) => `pgusher_${pod.replace('-', '_')}`).join(' ') ? slots : undefined;
    });
  /** The Service that selects by the role label, with the component pod-roles. */
  const untilSelected = (primary: string): Promise<unknown> =>
    until(`db-primary to be ${primary}`, 60_000, async () => {
      const slices = await here.kubectl([
        ...['get', 'endpointslices', '-l', 'kubernetes.io/service-name=db-primary'],
        ...['-o', 'jsonpath={.items[*].endpoints[*].targetRef.name}'],
      ]);
      return slices.trim() === primary ? true : undefined;
    });
  const untilThere = (pod: string, row: string): Promise<unknown> =>
    until(`"${row}" on ${pod}`, 60_000, async () =>
      (await here.sql(pod, `SELECT count(*) FROM said WHERE word = '${row}'`)) === '1' ? true : undefined,
    );

  /** How many processes of sessions run beside the server of a pod. */
  const sessionsIn = async (pod: string): Promise<string> => {
    const script = 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n" | grep -c "[s]ession[.]sh" || true';
    return (await here.kubectl(['exec', pod, '-c', 'pgusher-backup', '--', 'sh', '-c', script])).trim();
  };

  beforeAll(async () => {
    await kubectl(['apply', '-f', join(podRoles, 'roles.yaml'), '-f', join(podRoles, 'deployment.yaml')]);
    await here.apply('statefulset.yaml');
    for (const pod of pods) await here.ready(pod);
    await here.sql('db-0', table);
    await here.sql('db-0', 'CREATE TABLE said (word text)');
    await untilFollowed('db-0', ['db-1', 'db-2']);
  });

  afterAll(async () => {
    if (noCluster) return;
    await kubectl(['delete', '-f', join(podRoles, 'roles.yaml'), '-f', join(podRoles, 'deployment.yaml')]);
  });

  test('each pod is labelled with what it is, and a Service selects by it', async () => {
    await untilSelected('db-0');
    const label = '.metadata.labels.postgres\\.io/pod-role';
    await until('the standbys to be labelled', 60_000, async () =>
      (await here.get('pod/db-1', label)) === 'standby' && (await here.get('pod/db-2', label)) === 'standby'
        ? true
        : undefined,
    );
    const said = await pgusher('roles', 'db', '--namespace', here.namespace);
    expect(said.words).toBe(
      pods.map((pod) => `${here.namespace}/${pod} ${pod === 'db-0' ? 'primary' : 'standby'}\n`).join(''),
    );
    expect(said.code).toBe(0);
  });

  test('what the primary writes is read on its standbys, which write nothing', async () => {
    await here.sql('db-0', "INSERT INTO said VALUES ('first')");
    for (const standby of ['db-1', 'db-2']) {
      await untilThere(standby, 'first');
      await expect(here.sql(standby, "INSERT INTO said VALUES ('never')")).rejects.toThrow('read-only transaction');
    }
  });

  test('it is not promoted beside a primary that answers, and a dry run changes nothing', async () => {
    const refused = await promote('db-1');
    expect(refused.words).toContain('db-0 takes writes; two primaries lose rows. Wanted: it stopped first, or --fence');
    expect(refused.code).toBe(1);
    const planned = await promote('db-1', '--fence', '--dry-run');
    expect(planned.words.trim().split('\n')).toEqual([
      'would: write down that db-1 is being promoted',
      'would: fence db-0: its server stops, and takes no writes when it starts again',
      'would: promote db-1 and wait for the first write',
      'would: write down that db-1 is primary',
      'would: db-0 follows db-1',
      'would: db-2 follows db-1',
      'Service db-debug selects db-2: not touched',
      'would: Service db-rw selects db-1',
      'would: base backup of db-1 on its new timeline',
    ]);
    expect(planned.code).toBe(0);
    expect(await inRecovery('db-0')).toBe('f');
    expect(await here.kubectl(['get', 'configmap', 'db-pgusher', '--ignore-not-found'])).toBe('');
  });

  test('what asks an agent leaves no process beside it, also where its connection breaks', async () => {
    for (const pod of pods)
      await until(`no session in ${pod}`, 10_000, async () => (await sessionsIn(pod)) === '0' || undefined);
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const place = { namespace: here.namespace, pod: 'db-2', container: 'pgusher-backup' };
    const input = new PassThrough();
    const { output, ended, drop } = startInPod(config, place, ['/opt/pgusher/bin/pgusher-agent', 'session'], input);
    const broken = ended.catch((error: unknown) => String(error));
    input.write('["position"]\n');
    const [line] = (await once(output, 'data')) as [Buffer];
    const answer = JSON.parse(line.toString()) as { readonly code: number; readonly out: string };
    expect(answer.code).toBe(0);
    expect(JSON.parse(answer.out)).toMatchObject({ pod: 'db-2', takesWrites: false });
    expect(await sessionsIn('db-2')).toBe('1');
    drop();
    expect(await broken).toContain('the connection to db-2 ended');
    await until('no session in db-2', 30_000, async () => (await sessionsIn('db-2')) === '0' || undefined);
  });

  test('under writers, by --fence: no acknowledged row is lost, and the others follow', async () => {
    const address = await here.get('service/db-rw', '.spec.clusterIP');
    const third = await here.get('pod/db-2', '.metadata.uid');
    const writers = startWriters(4, () => Promise.resolve(address));
    await until('writers that write', 60_000, async () => (writers.acknowledged.length > 200 ? true : undefined));

    const answer = await promote('db-1', '--fence');
    expect(answer.words).toContain('db-1 takes writes on timeline 2');
    expect(answer.code).toBe(0);
    const before = writers.acknowledged.length;
    await until('writers that go on', 120_000, async () =>
      writers.acknowledged.length > before + 200 ? true : undefined,
    );
    await writers.stop();

    expect(await recorded()).toBe('db-1');
    expect(await selected('db-rw')).toBe('db-1');
    expect(await selected('db-debug')).toBe('db-2');
    await untilSelected('db-1');
    await untilFollowed('db-1', ['db-0', 'db-2']);
    expect(lost(writers, await here.sql('db-1', heldRows))).toEqual([]);
    expect(await inRecovery('db-0')).toBe('t');
    await expect(here.sql('db-0', "INSERT INTO said VALUES ('never')")).rejects.toThrow('read-only transaction');
    // Neither pod was made anew, and the third one's server did not even restart.
    expect(await here.get('pod/db-2', '.metadata.uid')).toBe(third);
    expect(await here.get('pod/db-2', '.status.containerStatuses[?(@.name=="postgres")].restartCount')).toBe('0');
  });

  test('a pod is rebuilt: its set makes it again, as a copy of the primary', async () => {
    const rebuild = (...args: readonly string[]): Promise<CommandAnswer> =>
      pgusher('rebuild', ...args, '--namespace', here.namespace);
    const refused = await rebuild('db-1');
    expect(refused.words).toContain('the record says that db-1 is the primary; its data is nobody');
    expect(refused.code).toBe(1);
    const before = await here.get('pod/db-2', '.metadata.uid');
    const planned = await rebuild('db-2', '--dry-run');
    expect(planned.words).toContain('would: delete pod db-2: its set makes it again');
    expect(await here.get('pod/db-2', '.metadata.uid')).toBe(before);
    const answer = await rebuild('db-2');
    expect(answer.words).toContain('db-2: it streams, and the old data is removed');
    expect(answer.code).toBe(0);
    await here.ready('db-2', before);
    await untilFollowed('db-1', ['db-0', 'db-2']);
    await untilThere('db-2', 'first');
    const left = ['exec', 'db-2', '-c', 'postgres', '--', 'ls', '-a', '/var/lib/postgresql/data/.pgusher'];
    expect((await here.kubectl(left)).split('\n')).not.toContain('replaced');
  });

  test('all pods at once: the same one is primary, whatever its ordinal', async () => {
    await here.sql('db-1', "INSERT INTO said VALUES ('before all ended')");
    const uids = await Promise.all(pods.map((pod) => here.get(`pod/${pod}`, '.metadata.uid')));
    await here.kubectl(['delete', 'pod', ...pods]);
    // One after the other: db-0 waits for nobody, though its primary starts after it.
    for (const [index, pod] of pods.entries()) await here.ready(pod, uids[index]);
    await untilFollowed('db-1', ['db-0', 'db-2']);
    expect(await Promise.all(pods.map(inRecovery))).toEqual(['t', 'f', 't']);
    for (const pod of pods) await untilThere(pod, 'before all ended');
  });

  test('the primary and its volume are lost under writers: what is promoted has every acknowledged row, and the lost one becomes its copy', async () => {
    await here.sql('db-1', "INSERT INTO said VALUES ('kept by the standbys')");
    for (const standby of ['db-0', 'db-2']) await untilThere(standby, 'kept by the standbys');
    expect(await here.sql('db-1', 'SHOW synchronous_standby_names')).toContain('ANY 1 ("db-0", "db-1", "db-2"');
    await here.sql('db-1', 'TRUNCATE written');
    const address = await here.get('service/db-rw', '.spec.clusterIP');
    const writers = startWriters(4, () => Promise.resolve(address));
    await until('writers that write', 60_000, async () => (writers.acknowledged.length > 200 ? true : undefined));
    const gone = await loseData(here, 'db-1', 'abruptly');
    const answer = await until('a promotion that is not refused', 120_000, async () => {
      // Its own start may be quicker, and restore all that there was: then it takes writes again.
      const tried = await promote('--fence');
      return tried.code === 0 ? tried : undefined;
    });
    expect(answer.words).toMatch(/db-[02] takes writes on timeline [34]/);
    const primary = await recorded();
    expect(['db-0', 'db-2']).toContain(primary);
    expect(await selected('db-rw')).toBe(primary);
    const before = writers.acknowledged.length;
    await until('writers that go on', 120_000, async () =>
      writers.acknowledged.length > before + 200 ? true : undefined,
    );
    await writers.stop();
    expect(lost(writers, await here.sql(primary, heldRows))).toEqual([]);
    await untilSelected(primary);
    await here.ready('db-1', gone);
    await untilFollowed(
      primary,
      pods.filter((pod) => pod !== primary),
    );
    await here.sql(primary, "INSERT INTO said VALUES ('after the loss')");
    for (const pod of pods) {
      await untilThere(pod, 'kept by the standbys');
      await untilThere(pod, 'after the loss');
    }
  });
});
