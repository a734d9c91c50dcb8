import { X509Certificate } from 'node:crypto';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Known, ServiceFacts, WebhookEntry } from '../doctor/doctor-facts.ts';
import { numberAt, objectAt, objectsAt, textAt, textMapAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import type { ObjectName } from './find-set.ts';
import { readKnown } from './read-known.ts';

/** The objects of an installation, as they are stored. */
export interface InstalledWebhook {
  readonly mutating: Known<readonly WebhookEntry[]>;
  readonly validating: Known<readonly WebhookEntry[]>;
  readonly service: Known<ServiceFacts>;
  readonly endpoints: Known<WebhookEndpoints>;
  readonly deployment: Known<WebhookDeployment>;
}

export interface WebhookEndpoints {
  readonly ready: number;
  readonly notReady: number;
  /** Pods that are Ready, with the port that they listen on. */
  readonly pods: readonly { readonly name: string; readonly port: number }[];
}

export interface WebhookDeployment {
  readonly wanted: number;
  readonly available: number;
  readonly image: string;
  readonly account: string;
}

export async function readInstalledWebhook(
  config: KubeConfig,
  { namespace, name }: ObjectName,
): Promise<InstalledWebhook> {
  const inNamespace = (group: string, resource: string): string => `${group}/namespaces/${namespace}/${resource}`;
  const [mutating, validating, service, endpoints, deployment] = await Promise.all([
    readEntries(config, 'mutatingwebhookconfigurations'),
    readEntries(config, 'validatingwebhookconfigurations'),
    readKnown(
      config,
      { path: inNamespace('/api/v1', `services/${name}`) },
      `get services -n ${namespace}`,
      readService,
    ),
    readKnown(
      config,
      {
        path: inNamespace('/apis/discovery.k8s.io/v1', 'endpointslices'),
        query: { labelSelector: `kubernetes.io/service-name=${name}` },
      },
      `list endpointslices.discovery.k8s.io -n ${namespace}`,
      readEndpoints,
    ),
    readKnown(
      config,
      { path: inNamespace('/apis/apps/v1', `deployments/${name}`) },
      `get deployments.apps -n ${namespace}`,
      readDeployment,
    ),
  ]);
  return { mutating, validating, service, endpoints, deployment };
}

/** Of whatever configuration: an overlay may give it another name. */
async function readEntries(
  config: KubeConfig,
  resource: 'mutatingwebhookconfigurations' | 'validatingwebhookconfigurations',
): Promise<Known<readonly WebhookEntry[]>> {
  const path = `/apis/admissionregistration.k8s.io/v1/${resource}`;
  return readKnown(config, { path }, `list ${resource}`, (list) =>
    objectsAt(list, 'items').flatMap((object) => {
      const configuration = textAt(objectAt(object, 'metadata'), 'name') ?? '';
      return objectsAt(object, 'webhooks')
        .filter((webhook) => textAt(webhook, 'name')?.endsWith('.pgusher.postgres.io') === true)
        .map((webhook) => readEntry(configuration, webhook));
    }),
  );
}

function readEntry(configuration: string, webhook: JsonObject): WebhookEntry {
  const client = objectAt(webhook, 'clientConfig');
  const service = objectAt(client, 'service');
  const url = textAt(client, 'url');
  return {
    configuration,
    name: textAt(webhook, 'name') ?? '',
    failurePolicy: textAt(webhook, 'failurePolicy') ?? 'Fail',
    target:
      url === undefined
        ? {
            kind: 'service',
            namespace: textAt(service, 'namespace') ?? '',
            name: textAt(service, 'name') ?? '',
            port: numberAt(service, 'port') ?? 443,
          }
        : { kind: 'url', url },
    bundle: readBundle(textAt(client, 'caBundle') ?? ''),
  };
}

function readBundle(encoded: string): WebhookEntry['bundle'] {
  if (encoded === '') return { kind: 'none' };
  const text = Buffer.from(encoded, 'base64').toString();
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return { kind: 'unreadable', reason: 'no certificate in PEM is in it' };
  try {
    const ends = blocks.map((block) => new X509Certificate(block).validToDate.getTime());
    return { kind: 'certificates', text, ends: Math.max(...ends) };
  } catch (error) {
    return { kind: 'unreadable', reason: error instanceof Error ? error.message : String(error) };
  }
}

function readService(object: JsonObject): ServiceFacts {
  const spec = objectAt(object, 'spec');
  return {
    selector: textMapAt(spec, 'selector'),
    ports: objectsAt(spec, 'ports').map((port) => numberAt(port, 'port') ?? 0),
  };
}

function readEndpoints(list: JsonObject): WebhookEndpoints {
  const all = objectsAt(list, 'items').flatMap((slice) => {
    const port = numberAt(objectsAt(slice, 'ports')[0], 'port') ?? 0;
    return objectsAt(slice, 'endpoints').map((endpoint) => {
      const target = objectAt(endpoint, 'targetRef');
      return {
        // Undefined is ready (EndpointConditions, "ready").
        ready: objectAt(endpoint, 'conditions')['ready'] !== false,
        name: textAt(target, 'kind') === 'Pod' ? (textAt(target, 'name') ?? '') : '',
        port,
      };
    });
  });
  const ready = all.filter((endpoint) => endpoint.ready);
  return {
    ready: ready.length,
    notReady: all.length - ready.length,
    pods: ready.filter(({ name }) => name !== '').map(({ name, port }) => ({ name, port })),
  };
}

function readDeployment(object: JsonObject): WebhookDeployment {
  const spec = objectAt(object, 'spec');
  const pod = objectAt(objectAt(spec, 'template'), 'spec');
  return {
    wanted: numberAt(spec, 'replicas') ?? 1,
    available: numberAt(objectAt(object, 'status'), 'availableReplicas') ?? 0,
    image: textAt(objectsAt(pod, 'containers')[0], 'image') ?? '',
    account: textAt(pod, 'serviceAccountName') ?? 'default',
  };
}
