import type { KubeConfig } from '@kubernetes/client-node';
import type { Known } from '../doctor/doctor-facts.ts';
import { objectAt, textMapAt } from '../workload/json.ts';
import { readKnown } from './read-known.ts';
import { authoritySecret, configurationName, orders, storedText } from './webhook-certificates.ts';

/** What a person may see of built-in certificates, and order of them. */
export interface AuthoritySecret {
  /** Undefined: nothing is in it. */
  readonly text: string | undefined;
}

export async function readAuthoritySecret(config: KubeConfig, namespace: string): Promise<Known<AuthoritySecret>> {
  return readKnown(
    config,
    { path: secretPath(namespace) },
    `get secrets/${authoritySecret} -n ${namespace}`,
    (object) => ({ text: storedText(object) }),
  );
}

/** Any text that was not the last order of its kind. */
export async function giveOrder(
  config: KubeConfig,
  namespace: string,
  kind: keyof typeof orders,
  text: string,
): Promise<Known<null>> {
  const body = { metadata: { annotations: { [orders[kind]]: text } } };
  const question = { path: secretPath(namespace), body, as: 'PATCH, merge' } as const;
  return readKnown(config, question, `patch secrets/${authoritySecret} -n ${namespace}`, () => null);
}

/** What the Deployment and the configurations say of who makes the certificate. */
export async function readCertificateMode(
  config: KubeConfig,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<Known<'built-in' | 'cert-manager' | 'files'>> {
  const deployment = await readKnown(
    config,
    { path: `/apis/apps/v1/namespaces/${namespace}/deployments/${name}` },
    `get deployments.apps/${name} -n ${namespace}`,
    (object) => JSON.stringify(object).includes('--built-in-certificates'),
  );
  if (deployment.kind !== 'known') return deployment;
  if (deployment.value) return { kind: 'known', value: 'built-in' };
  return readKnown(
    config,
    { path: `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${configurationName}` },
    `get mutatingwebhookconfigurations/${configurationName}`,
    (object) => {
      const from = textMapAt(objectAt(object, 'metadata'), 'annotations')['cert-manager.io/inject-ca-from'];
      return from === undefined ? 'files' : 'cert-manager';
    },
  );
}

function secretPath(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/secrets/${authoritySecret}`;
}
