import type { KubeConfig } from '@kubernetes/client-node';
import type { ClusterSide, ConfigurationBundles, StoredSecret } from '../certificates/built-in/cluster-side.ts';
import { isObject, objectAt, objectsAt, textAt, textMapAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import { describeFailure } from './api-failure.ts';
import { ask } from './ask.ts';
import type { Answer, Question } from './ask.ts';
import { watchObjects } from './watch-objects.ts';

/** Of the Secret, in the namespace of the webhook (manifests/base/certificates.yaml). */
export const authoritySecret = 'pgusher-webhook-authority';
const secretKey = 'authorities.json';

/** Annotations of the Secret by which a person gives an order; any text that was not there before. */
export const orders = { rotate: 'postgres.io/rotate-authority', renew: 'postgres.io/renew-certificates' } as const;

/** Of both configurations. */
export const configurationName = 'zz-pgusher';
const resources = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'] as const;

const fieldManager = 'pgusher-certificates';

/** Milliseconds: an apiserver that does not answer within it is asked anew. */
const patience = 10_000;

/** What built-in certificates need of the cluster, with rights to these names alone (manifests/base/certificates.yaml). */
export function webhookCertificates(config: KubeConfig, namespace: string): ClusterSide {
  const secrets = `/api/v1/namespaces/${namespace}/secrets`;
  const secret = `${secrets}/${authoritySecret}`;
  const secretRight = (verb: string): string => `${verb} secrets/${authoritySecret} -n ${namespace}`;
  const configurationPath = (resource: string): string =>
    `/apis/admissionregistration.k8s.io/v1/${resource}/${configurationName}`;
  /** What lies around what is ours in it, for the replacement. */
  let whole: JsonObject = {};
  return {
    readBundles: async () => {
      const read = await Promise.all(
        resources.map(async (resource) => {
          const right = `get ${resource}/${configurationName}`;
          const answer = await answerTo(config, { path: configurationPath(resource), patience }, right, [404]);
          return answer.code === 404 ? [] : [bundlesIn(resource, objectIn(answer))];
        }),
      );
      return read.flat();
    },
    readSecret: async () => {
      const answer = await answerTo(config, { path: secret, patience }, secretRight('get'), [404]);
      if (answer.code === 404) {
        throw new Error(
          `Secret ${authoritySecret} is not there in namespace ${namespace}; wanted: kubectl apply -k manifests, which brings it empty`,
        );
      }
      whole = objectIn(answer);
      return storedIn(whole, answer);
    },
    writeSecret: async (authorities, version) => {
      const metadata = { ...objectAt(whole, 'metadata'), resourceVersion: version };
      const data = { ...objectAt(whole, 'data'), [secretKey]: Buffer.from(authorities).toString('base64') };
      const body = { ...whole, metadata, data };
      const question = { path: secret, query: { fieldManager }, body, as: 'PUT', patience } as const;
      const { code } = await answerTo(config, question, secretRight('update'), [409]);
      return code === 409 ? 'outdated' : 'written';
    },
    writeBundle: async ({ resource, version, webhooks }, bundle) => {
      const value = Buffer.from(bundle).toString('base64');
      // By place, and the version says that the places are those that were read. Not by server-side apply: an entry that we own a field of
      // cannot be taken out by whoever applies the manifests so (docs/decisions/2026-11-30-certificates.md).
      const body = [
        { op: 'test', path: '/metadata/resourceVersion', value: version },
        ...webhooks.map((_, index) => ({ op: 'add', path: `/webhooks/${String(index)}/clientConfig/caBundle`, value })),
      ];
      const path = configurationPath(resource);
      const question = { path, query: { fieldManager }, body, as: 'PATCH, JSON Patch', patience } as const;
      // 422: the version is another one. 404: it went.
      const answer = await answerTo(config, question, `patch ${resource}/${configurationName}`, [404, 409, 422]);
      return answer.code === 200 ? 'written' : 'outdated';
    },
    watch: (changed) => {
      const watches = [secrets, ...resources.map((resource) => `/apis/admissionregistration.k8s.io/v1/${resource}`)];
      const sink = { replace: changed, put: changed, remove: changed, state: () => undefined };
      const started = watches.map((path) =>
        watchObjects({
          config,
          path,
          name: path === secrets ? authoritySecret : configurationName,
          sink,
          // Whoever looks says what is wrong.
          onError: () => undefined,
        }),
      );
      return {
        stop: () => {
          for (const watch of started) watch.stop();
        },
      };
    },
  };
}

/** @throws Error with a line for a person, unless the apiserver answers 200 or one of the codes. `right` as `kubectl auth can-i` takes it. */
async function answerTo(
  config: KubeConfig,
  question: Question,
  right: string,
  codes: readonly number[],
): Promise<Answer> {
  let answer: Answer;
  try {
    answer = await ask(config, question);
  } catch (error) {
    const server = config.getCurrentCluster()?.server ?? '';
    throw new Error(`the apiserver at ${server} cannot be asked: ${describeFailure(error)}`, { cause: error });
  }
  if (answer.code === 200 || codes.includes(answer.code)) return answer;
  throw new Error(
    answer.code === 403
      ? `the right to ${right} is missing; wanted: the roles of manifests/base/certificates.yaml, and their bindings`
      : `${right}: HTTP ${String(answer.code)} ${answer.text.slice(0, 200)}`,
  );
}

function objectIn({ text }: Answer): JsonObject {
  const object: unknown = JSON.parse(text);
  return isObject(object) ? object : {};
}

/** Of the Secret; undefined where nothing is in it. */
export function storedText(secret: JsonObject): string | undefined {
  const encoded = textAt(objectAt(secret, 'data'), secretKey);
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString();
}

function storedIn(object: JsonObject, { date }: Answer): StoredSecret {
  const metadata = objectAt(object, 'metadata');
  const annotations = textMapAt(metadata, 'annotations');
  // Whole seconds, cut off.
  const clock = Date.parse(date) + 500;
  return {
    name: `${textAt(metadata, 'namespace') ?? ''}/${authoritySecret}`,
    authorities: storedText(object),
    version: textAt(metadata, 'resourceVersion') ?? '',
    orders: { rotate: annotations[orders.rotate] ?? '', renew: annotations[orders.renew] ?? '' },
    clock: Number.isNaN(clock) ? undefined : clock,
  };
}

function bundlesIn(resource: ConfigurationBundles['resource'], object: JsonObject): ConfigurationBundles {
  return {
    resource,
    version: textAt(objectAt(object, 'metadata'), 'resourceVersion') ?? '',
    webhooks: objectsAt(object, 'webhooks').map((webhook) => ({
      name: textAt(webhook, 'name') ?? '',
      bundle: Buffer.from(textAt(objectAt(webhook, 'clientConfig'), 'caBundle') ?? '', 'base64').toString(),
    })),
  };
}
