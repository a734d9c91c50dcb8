import { randomBytes } from 'node:crypto';
import type { KubeConfig } from '@kubernetes/client-node';
import type { DryRun, RoundTrip } from '../doctor/doctor-facts.ts';
import { isObject, objectAt, objectsAt, textAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import { describeFailure } from './api-failure.ts';
import { mayCreateSets } from './access-reviews.ts';
import { ask } from './ask.ts';

/** Sends two sets with dryRun=All, which stores nothing, in the first of the namespaces where the person may create one. */
export async function tryAdmission(config: KubeConfig, namespaces: readonly string[]): Promise<RoundTrip> {
  for (const namespace of namespaces) {
    if (await mayCreateSets(config, namespace)) {
      const safe = await send(config, namespace, false);
      // The same would come of the second one, after the same wait.
      const unanswered = safe.kind === 'refused' && safe.message.includes('failed calling webhook');
      return { kind: 'tried', namespace, safe, unsafe: unanswered ? safe : await send(config, namespace, true) };
    }
  }
  return { kind: 'forbidden', right: `create statefulsets.apps -n ${namespaces[0] ?? 'default'}` };
}

async function send(config: KubeConfig, namespace: string, unsafe: boolean): Promise<DryRun> {
  try {
    const { code, text } = await ask(config, {
      path: `/apis/apps/v1/namespaces/${namespace}/statefulsets`,
      query: { dryRun: 'All' },
      body: sample(`pgusher-doctor-${randomBytes(4).toString('hex')}`, unsafe),
    });
    const answer: unknown = JSON.parse(text);
    if (!isObject(answer)) return { kind: 'failed', reason: `HTTP ${String(code)}` };
    if (code >= 300)
      return { kind: 'refused', message: firstLine(textAt(answer, 'message') ?? `HTTP ${String(code)}`) };
    const containers = objectsAt(objectAt(objectAt(objectAt(answer, 'spec'), 'template'), 'spec'), 'initContainers');
    return { kind: 'stored', injected: containers.some((container) => textAt(container, 'name') === 'pgusher-backup') };
  } catch (error) {
    return { kind: 'failed', reason: describeFailure(error) };
  }
}

/** The rest is every finding, of a set that nobody has. */
function firstLine(text: string): string {
  return text.trim().split('\n')[0]?.slice(0, 400) ?? '';
}

function sample(name: string, unsafe: boolean): JsonObject {
  const labels = { app: name };
  const data = {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, labels: { 'postgres.io/managed': 'true' } },
    spec: {
      serviceName: name,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: 'postgres',
              image: 'postgres:17.6-bookworm',
              env: [{ name: 'POSTGRES_PASSWORD', valueFrom: { secretKeyRef: { name, key: 'password' } } }],
              volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql/data' }],
            },
          ],
          ...(unsafe ? { volumes: [{ name: 'data', emptyDir: {} }] } : {}),
        },
      },
      ...(unsafe ? {} : { volumeClaimTemplates: [data] }),
    },
  };
}
