import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Kubectl } from '../../../scripts/cluster/kubectl.ts';
import { kubectl, kubectlIn, noCluster } from './cluster.ts';
import { saveDiagnostics } from './diagnostics.ts';
import { until } from '../../../scripts/cluster/until.ts';

/** A namespace of its own for one test file, and what is done in it. */
export interface Scenario {
  readonly namespace: string;
  readonly kubectl: Kubectl;
  /** Applies a file of the scenario's folder. */
  apply(file: string): Promise<void>;
  read(file: string): string;
  /** What a jsonpath says of an object. */
  get(object: string, path: string): Promise<string>;
  isReady(pod: string): Promise<boolean>;
  /** Waits until the pod is Ready, and not the one of before. Returns its uid. */
  ready(pod: string, before?: string): Promise<string>;
  /** The answer of the database in a pod, as psql prints it without decoration. */
  sql(pod: string, statement: string): Promise<string>;
  /** A line of the injected container's log that contains the text. */
  logLine(pod: string, container: string, text: string): Promise<string>;
}

const readyCondition = '.status.conditions[?(@.type=="Ready")].status';

/** What a pod's start may take on a machine that others use too; alone it is below ten seconds. */
const starting = 180_000;

/** Registers the namespace's life with the file that calls it; `labels` are those of the namespace. */
export function scenario(folder: string, labels: Readonly<Record<string, string>> = {}): Scenario {
  const name = basename(folder);
  const namespace = `${name}-${Date.now().toString(36)}`;
  const own = kubectlIn(namespace);

  beforeAll(async () => {
    if (noCluster) return;
    await kubectl(
      ['create', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } }),
    );
    await until('the account of the namespace', 30_000, () => own(['get', 'serviceaccount', 'default']));
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail' && !noCluster) await saveDiagnostics(namespace, task.name);
  });
  afterAll(async () => {
    if (!noCluster) await kubectl(['delete', 'namespace', namespace, '--wait=false']);
  });

  const get = (object: string, path: string): Promise<string> => own(['get', object, '-o', `jsonpath={${path}}`]);
  return {
    namespace,
    kubectl: own,
    get,
    read: (file) => readFileSync(join(folder, file), 'utf8'),
    apply: async (file) => {
      await own(['apply', '-f', join(folder, file)]);
    },
    isReady: async (pod) => (await get(`pod/${pod}`, readyCondition)) === 'True',
    ready: (pod, before) =>
      until(`${pod} to be ready`, starting, async () => {
        const [uid = '', isReady] = (await get(`pod/${pod}`, `.metadata.uid} {${readyCondition}`)).split(' ');
        return uid !== before && isReady === 'True' ? uid : undefined;
      }),
    sql: async (pod, statement) => {
      const psql = ['psql', '-X', '-At', '-q', '-v', 'ON_ERROR_STOP=1', '-U', 'postgres', '-c', statement];
      return (await own(['exec', pod, '-c', 'postgres', '--', ...psql])).trim();
    },
    logLine: (pod, container, text) =>
      until(`"${text}" in the log of ${container}`, starting, async () => {
        const logs = await own(['logs', pod, '-c', container]);
        return logs.split('\n').findLast((line) => line.includes(text));
      }),
  };
}
