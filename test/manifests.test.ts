import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import request from 'supertest';
import { describe, expect, test } from 'vitest';
import { kubernetesItself } from '../src/admission/subject.ts';
import { authoritySecret, configurationName } from '../src/cluster/webhook-certificates.ts';
import { certificateOrigin } from '../src/commands/certificate-origin.ts';
import { commandLine } from '../src/commands/command-line.ts';
import { parseConfiguration } from '../src/config.ts';
import { readManifests } from '../src/manifests/read-manifests.ts';
import { createApp } from '../src/server/app.ts';
import { drainTimes } from '../src/server/drain.ts';
import { limits } from '../src/server/limits.ts';
import { createLog } from '../src/server/log.ts';
import { version } from '../src/version.ts';
import type { Json, JsonObject } from '../src/workload/json.ts';
import { isList, isObject } from '../src/workload/json.ts';
import { managedLabelName } from '../src/workload/read-settings.ts';

/** What is installed agrees with the code that runs there, and with itself. */

const folder = join(import.meta.dirname, '..', 'manifests');

function objectsIn(path: string): readonly JsonObject[] {
  const read = readManifests(readFileSync(join(folder, path), 'utf8'));
  if (read.kind === 'unreadable') throw new Error(`${path}: ${read.message}`);
  return read.documents.map(({ value }) => value).filter(isObject);
}

const objects = ['base', 'cert-manager'].flatMap((name) =>
  readdirSync(join(folder, name))
    .filter((file) => file !== 'ca-injection.yaml')
    .flatMap((file) => objectsIn(join(name, file))),
);

/** The only one of a kind, or that of a name. */
function ofKind(kind: string, name?: string): JsonObject {
  const [only, ...others] = objects.filter(
    (object) => object['kind'] === kind && (name === undefined || at(object, 'metadata', 'name') === name),
  );
  if (only === undefined || others.length > 0) throw new Error(`one ${kind} is wanted`);
  return only;
}

/** The value at a path of keys and list positions. */
function at(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  return path.reduce<Json | undefined>((inner, key) => {
    if (isList(inner) && typeof key === 'number') return inner[key];
    return isObject(inner) ? inner[String(key)] : undefined;
  }, value);
}

function list(value: Json | undefined): readonly Json[] {
  if (value === undefined || !isList(value)) throw new Error('a list is wanted');
  return value;
}

function scalar(value: Json | undefined): string {
  if (typeof value !== 'string' && typeof value !== 'number') throw new Error('a text or a number is wanted');
  return String(value);
}

const namespace = scalar(at(ofKind('Namespace'), 'metadata', 'name'));
const service = ofKind('Service');
const deployment = ofKind('Deployment');
const podLabels = at(deployment, 'spec', 'template', 'metadata', 'labels');
const pod = at(deployment, 'spec', 'template', 'spec');
const container = at(pod, 'containers', 0);
const args = list(at(container, 'args')).map(scalar);
const argument = (name: string): string | undefined =>
  args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);

const webhooks = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'].flatMap((kind) =>
  list(at(ofKind(kind), 'webhooks')),
);
const policy = ofKind('ValidatingAdmissionPolicy');
const certificateFiles = list(readPatch(join('components', 'certificate-files', 'deployment.yaml')));
const exceptOwnAndSystem = {
  matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system', namespace] }],
};

test('kustomize takes every file', () => {
  const wanted = readdirSync(join(folder, 'base')).filter((file) => file !== 'kustomization.yaml');
  const kustomizations = objects.filter((object) => object['kind'] === 'Kustomization');
  expect(list(at(kustomizations[0], 'resources')).toSorted()).toEqual(wanted.toSorted());
  expect(at(kustomizations[1], 'resources')).toEqual(['../base', 'certificate.yaml']);
  expect(at(kustomizations[1], 'components')).toEqual(['../components/certificate-files']);
  expect(at(kustomizations[1], 'patches', 0, 'path')).toBe('ca-injection.yaml');
});

test('the mode with files is the base with the component that cert-manager takes too', () => {
  const [kustomization] = objectsIn('files/kustomization.yaml');
  expect(at(kustomization, 'resources')).toEqual(['../base']);
  expect(at(kustomization, 'components')).toEqual(['../components/certificate-files']);
});

test('`kubectl apply -k manifests` is manifests/base', () => {
  expect(objectsIn('kustomization.yaml').map((object) => at(object, 'resources'))).toEqual([['base']]);
});

test('every object is in the namespace that is made', () => {
  const namespaces = objects.map((object) => at(object, 'metadata', 'namespace')).filter((name) => name !== undefined);
  expect(new Set(namespaces)).toEqual(new Set([namespace]));
});

describe('the webhooks', () => {
  test.each(webhooks.map((webhook) => [scalar(at(webhook, 'name')), webhook] as const))('%s', (name, webhook) => {
    const path = name.startsWith('mutate.') ? '/mutate' : '/validate';
    expect(at(webhook, 'clientConfig', 'service')).toEqual({
      name: at(service, 'metadata', 'name'),
      namespace,
      path,
      port: at(service, 'spec', 'ports', 0, 'port'),
    });
    expect(at(webhook, 'namespaceSelector')).toEqual(exceptOwnAndSystem);
    // A Scale has no labels, and a claim none of ours.
    if (!['scale.', 'claims.'].some((unlabelled) => name.startsWith(unlabelled))) {
      expect(JSON.stringify(at(webhook, 'objectSelector'))).toContain(`"${managedLabelName}"`);
    }
    expect(at(webhook, 'sideEffects')).toBe('None');
    // The server waits for a body at least as long as its caller waits for the answer.
    expect(Number(at(webhook, 'timeoutSeconds')) * 1000).toBeLessThanOrEqual(limits.request);
  });

  test('both look at the same objects', () => {
    const [mutating, validating] = webhooks;
    for (const field of ['rules', 'objectSelector', 'namespaceSelector', 'matchConditions', 'failurePolicy']) {
      expect(at(mutating, field)).toEqual(at(validating, field));
    }
  });
});

describe('what scales or deletes', () => {
  const asked = webhooks.filter((webhook) => {
    const [rule] = list(at(webhook, 'rules'));
    return at(rule, 'operations', 0) === 'DELETE' || at(rule, 'resources', 0) === 'statefulsets/scale';
  });

  test('never waits long for us, and goes on without us', () => {
    expect(asked.map((webhook) => at(webhook, 'name'))).toEqual(
      ['scale', 'delete', 'claims'].map((name) => `${name}.pgusher.postgres.io`),
    );
    for (const webhook of asked) {
      expect(at(webhook, 'failurePolicy')).toBe('Ignore');
      expect(Number(at(webhook, 'timeoutSeconds'))).toBeLessThanOrEqual(2);
    }
  });

  test('is not asked about where Kubernetes itself deletes: the accounts that the code knows', () => {
    const conditions = asked.slice(1).map((webhook) => scalar(at(webhook, 'matchConditions', 1, 'expression')));
    const wanted = `!(request.userInfo.username in [ ${kubernetesItself.map((user) => `'${user}'`).join(', ')}])`;
    expect(conditions).toEqual([wanted, wanted]);
  });
});

test('the policy looks at the label, outside the same namespaces', () => {
  expect(at(policy, 'spec', 'matchConstraints', 'objectSelector')).toEqual({
    matchLabels: { [managedLabelName]: 'true' },
  });
  expect(at(policy, 'spec', 'matchConstraints', 'namespaceSelector')).toEqual(exceptOwnAndSystem);
});

describe('the Deployment', () => {
  test('is what Service, budget, network policy and its own selector select', () => {
    expect(at(service, 'spec', 'selector')).toEqual(podLabels);
    expect(at(deployment, 'spec', 'selector', 'matchLabels')).toEqual(podLabels);
    expect(at(ofKind('PodDisruptionBudget'), 'spec', 'selector', 'matchLabels')).toEqual(podLabels);
    expect(at(ofKind('NetworkPolicy'), 'spec', 'podSelector', 'matchLabels')).toEqual(podLabels);
    expect(at(pod, 'topologySpreadConstraints', 0, 'labelSelector', 'matchLabels')).toEqual(podLabels);
  });

  test('listens where the Service sends', () => {
    const port = at(container, 'ports', 0);
    expect(at(service, 'spec', 'ports', 0, 'targetPort')).toBe(at(port, 'name'));
    expect(at(ofKind('NetworkPolicy'), 'spec', 'ingress', 0, 'ports', 0, 'port')).toBe(at(port, 'name'));
    expect(argument('listen')).toBe(`0.0.0.0:${scalar(at(port, 'containerPort'))}`);
  });

  test('starts a command that there is, with options that it has and files that are mounted', () => {
    const silent = { out: () => undefined, report: () => undefined };
    const plain = (_style: string, text: string): string => text;
    const program = commandLine({ ...silent, outColour: plain, reportColour: plain }, () => undefined);
    const command = program.commands.find((one) => one.name() === args[0]);
    const options = command?.options.map(({ long }) => long);
    const mounts = list(at(container, 'volumeMounts')).map((mount) => `${scalar(at(mount, 'mountPath'))}/`);
    for (const arg of args.slice(1)) {
      const [name = '', value = ''] = arg.split('=');
      expect(options).toContain(name);
      if (value.startsWith('/')) expect(mounts.some((mount) => value.startsWith(mount))).toBe(true);
    }
    expect(certificateOrigin({ builtInCertificates: argument('built-in-certificates') ?? '' })).toMatchObject({
      kind: 'built-in',
      service: at(service, 'metadata', 'name'),
      namespace,
    });
  });

  test('has the configuration that it reads', () => {
    const configMap = ofKind('ConfigMap');
    expect(at(pod, 'volumes', 0, 'configMap', 'name')).toBe(at(configMap, 'metadata', 'name'));
    const key = argument('config')?.replace(/^.*\//, '') ?? '';
    expect(parseConfiguration(scalar(at(configMap, 'data', key)))).toMatchObject({ kind: 'configuration' });
  });

  test('has the certificate that cert-manager makes, for the name of the Service', () => {
    const certificate = ofKind('Certificate');
    const volume = certificateFiles.find((operation) => at(operation, 'path') === '/spec/template/spec/volumes/-');
    expect(at(volume, 'value', 'secret', 'secretName')).toBe(at(certificate, 'spec', 'secretName'));
    expect(at(certificate, 'spec', 'dnsNames')).toContain(
      `${scalar(at(service, 'metadata', 'name'))}.${namespace}.svc`,
    );
    const [patch] = list(readPatch());
    expect(at(patch, 'value', 'cert-manager.io/inject-ca-from')).toBe(
      `${namespace}/${scalar(at(certificate, 'metadata', 'name'))}`,
    );
  });

  test('is probed where the server answers', async () => {
    const metrics = async (): Promise<never> => Promise.reject(new Error('not asked for'));
    const app = createApp({
      version,
      readiness: async () => Promise.resolve([]),
      details: () => [],
      metrics,
      log: createLog('error', 2),
    });
    for (const probe of ['readinessProbe', 'livenessProbe']) {
      expect(at(container, probe, 'httpGet', 'scheme')).toBe('HTTPS');
      expect((await request(app).get(scalar(at(container, probe, 'httpGet', 'path')))).status).toBe(200);
    }
  });

  test('has the time that a drain takes', () => {
    const drain = drainTimes.announce + drainTimes.settle + drainTimes.hard;
    expect(Number(at(pod, 'terminationGracePeriodSeconds')) * 1000).toBeGreaterThan(drain);
  });

  test('runs the image of this version', () => {
    expect(at(container, 'image')).toBe(`ghcr.io/pgusher/pgusher:${version}`);
  });

  test('meets Pod Security "restricted", which its namespace enforces', () => {
    expect(at(ofKind('Namespace'), 'metadata', 'labels', 'pod-security.kubernetes.io/enforce')).toBe('restricted');
    expect(at(pod, 'securityContext')).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(at(container, 'securityContext')).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'initContainers']) {
      expect(at(pod, field)).toBeUndefined();
    }
    expect(list(at(pod, 'containers'))).toHaveLength(1);
    for (const port of list(at(container, 'ports'))) expect(at(port, 'hostPort')).toBeUndefined();
    for (const volume of list(at(pod, 'volumes'))) {
      expect(['secret', 'configMap']).toContain(
        Object.keys(isObject(volume) ? volume : {}).find((key) => key !== 'name'),
      );
    }
  });
});

test('the webhook may list what it looks up, and nothing else', () => {
  expect(at(ofKind('ClusterRole', 'pgusher'), 'rules')).toEqual([
    {
      apiGroups: [''],
      resources: ['namespaces', 'persistentvolumeclaims', 'services', 'limitranges', 'resourcequotas'],
      verbs: ['list', 'watch'],
    },
    { apiGroups: ['apps'], resources: ['statefulsets'], verbs: ['list', 'watch'] },
    { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: ['list', 'watch'] },
    { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: ['list', 'watch'] },
    { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: ['list', 'watch'] },
    { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['list', 'watch'] },
  ]);
});

describe('built-in certificates', () => {
  test('have rights to one Secret and two configurations, by name', () => {
    const [secret] = [ofKind('Secret')];
    expect([at(secret, 'metadata', 'name'), at(secret, 'data')]).toEqual([authoritySecret, undefined]);
    expect(at(ofKind('Role'), 'rules')).toEqual([
      {
        apiGroups: [''],
        resources: ['secrets'],
        resourceNames: [authoritySecret],
        verbs: ['get', 'list', 'watch', 'update'],
      },
    ]);
    expect(at(ofKind('ClusterRole', 'pgusher-certificates'), 'rules')).toEqual([
      {
        apiGroups: ['admissionregistration.k8s.io'],
        resources: ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
        resourceNames: [configurationName],
        verbs: ['get', 'list', 'watch', 'patch'],
      },
    ]);
    for (const kind of ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']) {
      expect(at(ofKind(kind), 'metadata', 'name')).toBe(configurationName);
    }
    for (const kind of ['RoleBinding', 'ClusterRoleBinding']) {
      const binding = ofKind(kind, 'pgusher-certificates');
      expect(at(binding, 'roleRef', 'name')).toBe('pgusher-certificates');
      expect(at(binding, 'subjects')).toEqual(at(ofKind('ClusterRoleBinding', 'pgusher'), 'subjects'));
    }
  });

  test('leave nothing behind where certificates come from files', () => {
    const taken = objectsIn('components/certificate-files/without-built-in.yaml');
    const identity = (object: Json): string =>
      `${scalar(at(object, 'kind'))} ${scalar(at(object, 'metadata', 'name'))} ${scalar(at(object, 'metadata', 'namespace') ?? '')}`;
    expect(taken.map(identity)).toEqual(objectsIn('base/certificates.yaml').map(identity));
    for (const object of taken) expect(at(object, '$patch')).toBe('delete');
    const [tested, replaced, added, mount, volume] = certificateFiles;
    const place = Number(/args\/(\d+)$/.exec(scalar(at(tested, 'path')))?.[1]);
    expect(at(tested, 'value')).toBe(args[place]);
    const options = [replaced, added].map((operation) => scalar(at(operation, 'value')).split('='));
    const mounted = scalar(at(mount, 'value', 'mountPath'));
    expect(options).toEqual([
      ['--certificate', `${mounted}/tls.crt`],
      ['--key', `${mounted}/tls.key`],
    ]);
    expect(at(mount, 'value', 'name')).toBe(at(volume, 'value', 'name'));
  });
});

describe('the components for Prometheus and Grafana', () => {
  test('annotate the Deployment that there is, with its port and a path that it answers', () => {
    const [patch] = objectsIn('components/scrape-annotations/webhook.yaml');
    expect([at(patch, 'kind'), at(patch, 'metadata')]).toEqual([
      'Deployment',
      { name: at(deployment, 'metadata', 'name'), namespace },
    ]);
    expect(at(patch, 'spec', 'template', 'metadata', 'annotations')).toEqual({
      'prometheus.io/scrape': 'true',
      'prometheus.io/scheme': 'https',
      'prometheus.io/path': '/metrics',
      'prometheus.io/port': scalar(at(container, 'ports', 0, 'containerPort')),
    });
  });

  test('scrape ports by the names that they have', () => {
    const [webhook] = objectsIn('components/prometheus-operator/webhook.yaml');
    expect(at(webhook, 'spec', 'podMetricsEndpoints', 0, 'port')).toBe(at(container, 'ports', 0, 'name'));
    expect(at(webhook, 'spec', 'selector', 'matchLabels')).toEqual(podLabels);
    const [agents] = objectsIn('components/prometheus-operator/agents.yaml');
    const injected = readFileSync('test/fixtures/injection/alpine-18-parent-mount/out.yaml', 'utf8');
    const port = scalar(at(agents, 'spec', 'podMetricsEndpoints', 0, 'port'));
    expect(injected).toContain(`- name: ${port}\n              containerPort: `);
  });

  test.each(readdirSync(join(folder, 'components')))('%s takes every file beside it', (component) => {
    const [kustomization] = objectsIn(join('components', component, 'kustomization.yaml'));
    const taken = [
      ...list(at(kustomization, 'resources') ?? []),
      ...list(at(kustomization, 'patches') ?? []).map((patch) => at(patch, 'path')),
      ...list(at(kustomization, 'configMapGenerator') ?? []).flatMap((made) => list(at(made, 'files'))),
    ];
    const files = readdirSync(join(folder, 'components', component)).filter((file) => file !== 'kustomization.yaml');
    expect(taken.toSorted()).toEqual(files.toSorted());
  });
});

test('the component for the page listens inside of the pod alone, at the port that docs forward to', () => {
  const page = list(readPatch(join('components', 'web-page', 'deployment.yaml'))).map((step) =>
    scalar(at(step, 'value')),
  );
  const [, port = ''] = /^--page=127\.0\.0\.1:(\d+)$/.exec(page[0] ?? '') ?? [];
  expect(readFileSync('docs/operations.md', 'utf8')).toContain(`port-forward deploy/pgusher ${port} `);
  expect(page).toHaveLength(1);
});

test('the component for names of Secrets gives that right to the same account, and nothing else', () => {
  const component = ['kustomization.yaml', 'roles.yaml'].flatMap((file) =>
    objectsIn(join('components', 'secret-names', file)),
  );
  const [kustomization, role, binding] = component;
  expect(at(kustomization, 'kind')).toBe('Component');
  expect(at(role, 'rules')).toEqual([{ apiGroups: [''], resources: ['secrets'], verbs: ['list', 'watch'] }]);
  expect(at(binding, 'roleRef', 'name')).toBe(at(role, 'metadata', 'name'));
  expect(at(binding, 'subjects')).toEqual(at(ofKind('ClusterRoleBinding', 'pgusher'), 'subjects'));
});

describe('the component for the role of each pod', () => {
  const component = ['kustomization.yaml', 'roles.yaml', 'deployment.yaml'].flatMap((file) =>
    objectsIn(join('components', 'pod-roles', file)),
  );
  const [kustomization, account, role, binding, runs] = component;
  const podOf = at(runs, 'spec', 'template', 'spec');

  test('gives an account of its own what the command asks, and nothing else', () => {
    expect(at(kustomization, 'kind')).toBe('Component');
    expect(at(role, 'rules')).toEqual([
      { apiGroups: ['apps'], resources: ['statefulsets'], verbs: ['list'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['list', 'patch'] },
      { apiGroups: [''], resources: ['pods/proxy'], verbs: ['get'] },
    ]);
    expect(at(binding, 'roleRef', 'name')).toBe(at(role, 'metadata', 'name'));
    expect(at(binding, 'subjects', 0, 'name')).toBe(at(account, 'metadata', 'name'));
    expect(at(binding, 'subjects')).not.toEqual(at(ofKind('ClusterRoleBinding', 'pgusher'), 'subjects'));
    expect(at(podOf, 'serviceAccountName')).toBe(at(account, 'metadata', 'name'));
  });

  test('runs a command that there is, in the image of this version, as restricted as the webhook', () => {
    const only = at(podOf, 'containers', 0);
    const [name, ...options] = list(at(only, 'args')).map(scalar);
    const silent = { out: () => undefined, report: () => undefined };
    const plain = (_style: string, text: string): string => text;
    const program = commandLine({ ...silent, outColour: plain, reportColour: plain }, () => undefined);
    const known = program.commands.find((one) => one.name() === name)?.options.map(({ long }) => long);
    for (const option of options) expect(known).toContain(option);
    expect(at(only, 'image')).toBe(at(container, 'image'));
    expect(at(only, 'securityContext')).toEqual(at(container, 'securityContext'));
    expect(at(podOf, 'securityContext')).toEqual(at(pod, 'securityContext'));
    expect(at(runs, 'spec', 'selector', 'matchLabels')).toEqual(at(runs, 'spec', 'template', 'metadata', 'labels'));
    expect(at(runs, 'spec', 'selector', 'matchLabels')).not.toEqual(podLabels);
  });
});

function readPatch(file = join('cert-manager', 'ca-injection.yaml')): Json | undefined {
  const read = readManifests(readFileSync(join(folder, file), 'utf8'));
  return read.kind === 'read' ? read.documents[0]?.value : undefined;
}
