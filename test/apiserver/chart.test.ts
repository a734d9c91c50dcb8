import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { kubernetesVersion } from '../../scripts/cluster/kubernetes.ts';
import { helmProgram, helmVersions } from '../../scripts/helm/helm-program.ts';
import { switches } from '../../scripts/write-chart/switches.ts';
import { parseConfiguration } from '../../src/config.ts';
import { components } from '../../src/manifests/components.ts';
import { missingTools } from '../support/tool.ts';
import { kustomized, objectsIn, withEveryComponent } from './support/kustomized.ts';

const manifests = join(import.meta.dirname, '..', '..', 'manifests');
const chart = join(manifests, 'chart');
const directory = mkdtempSync(join(tmpdir(), 'pgusher-chart-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe.skipIf(missingTools('go')).each(helmVersions)('the chart by Helm %s', (version) => {
  let helm = '';
  beforeAll(() => {
    helm = helmProgram(version);
  });

  // Helm 3 that is built without its Makefile takes itself for one of Kubernetes 1.20.
  const run = (...options: readonly string[]): { code: number | null; out: string; error: string } => {
    const always = ['template', 'any', chart, '--skip-tests', '--kube-version', kubernetesVersion];
    const { status, stdout, stderr } = spawnSync(helm, [...always, ...options], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    return { code: status, out: stdout, error: stderr };
  };
  const rendered = (...options: readonly string[]): string => {
    const { code, out, error } = run(...options);
    expect({ code, error }).toEqual({ code: 0, error: '' });
    return out;
  };
  const valuesFile = (text: string): string => {
    const path = join(directory, 'values.yaml');
    writeFileSync(path, text);
    return path;
  };

  test.each([
    ['.', []],
    ['files', ['--set=certificates.mode=files']],
    ['cert-manager', ['--set=certificates.mode=cert-manager']],
  ] as const)('has the objects of manifests/%s, field by field', (folder, options) => {
    expect(objectsIn(rendered(...options))).toEqual(objectsIn(kustomized(join(manifests, folder))));
  });

  test.each(['base', 'cert-manager'])('has those of %s with every component', (folder) => {
    const options = [
      `--set=certificates.mode=${folder === 'base' ? 'built-in' : folder}`,
      ...Object.values(switches).map((name) => `--set=components.${name}=true`),
    ];
    expect(objectsIn(rendered(...options))).toEqual(objectsIn(kustomized(withEveryComponent(directory, folder))));
  });

  test('writes in what the values say', () => {
    const values = valuesFile(`
images: { webhook: "registry.example:5000/a/pgusher:1@sha256:${'a'.repeat(64)}", agent: registry.example/agent:1 }
imagePullSecrets: [{ name: registry }]
replicas: 3
nodeSelector: { disk: fast }
tolerations: [{ key: reserved, operator: Exists }]
affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } }
resources: { limits: { memory: 1Gi } }
failOpen: true
timeoutSeconds: 9
namespaces: { excluded: [playground], matchExpressions: [{ key: team, operator: Exists }] }
config:
  settings: { backup: off, backup-keep: 14, backup-storage: 20Gi, stop-grace: 86400 }
  checks: { modes: { backup-destination-missing: off } }
`);
    const objects = objectsIn(rendered('--values', values, '--set=components.podRoles=true'));
    const image = `registry.example:5000/a/pgusher:1@sha256:${'a'.repeat(64)}`;
    const everywhere = {
      nodeSelector: { disk: 'fast' },
      tolerations: [{ key: 'reserved', operator: 'Exists' }],
      imagePullSecrets: [{ name: 'registry' }],
    };
    expect(objects.get('Deployment/pgusher')).toMatchObject({
      spec: {
        replicas: 3,
        template: {
          spec: {
            ...everywhere,
            affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
            containers: [{ image, resources: { limits: { memory: '1Gi' } } }],
          },
        },
      },
    });
    expect(objects.get('Deployment/pgusher-pod-roles')).toMatchObject({
      spec: { template: { spec: { ...everywhere, containers: [{ image }] } } },
    });
    const namespaceSelector = {
      matchExpressions: [
        {
          key: 'kubernetes.io/metadata.name',
          operator: 'NotIn',
          values: ['kube-system', 'pgusher-system', 'playground'],
        },
        { key: 'team', operator: 'Exists' },
      ],
    };
    expect(objects.get('ValidatingAdmissionPolicy/pgusher')).toMatchObject({
      spec: { matchConstraints: { namespaceSelector } },
    });
    for (const kind of ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']) {
      const { webhooks } = objects.get(`${kind}/zz-pgusher`) as { readonly webhooks: readonly object[] };
      for (const webhook of webhooks) expect(webhook).toMatchObject({ failurePolicy: 'Ignore', namespaceSelector });
      expect(webhooks[0]).toMatchObject({ timeoutSeconds: 9 });
    }
    const { data } = objects.get('ConfigMap/pgusher') as { readonly data: Readonly<Record<string, string>> };
    const text = data['pgusher.yaml'] ?? '';
    expect(parse(text)).toEqual({
      settings: {
        backup: 'off',
        'backup-keep': 14,
        'backup-storage': '20Gi',
        'stop-grace': 86_400,
        'agent-image': 'registry.example/agent:1',
      },
      checks: { modes: { 'backup-destination-missing': 'off' } },
    });
    expect(parseConfiguration(text)).toMatchObject({
      kind: 'configuration',
      configuration: { settings: { backup: 'off', 'backup-keep': '14' } },
    });
  });

  test('gives the apiserver the authority of a certificate of one’s own', () => {
    const authority = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    const file = join(directory, 'ca.crt');
    writeFileSync(file, authority);
    const text = rendered('--set=certificates.mode=files', `--set-file=certificates.caBundle=${file}`);
    const bundles = [...text.matchAll(/^ *caBundle: (.*)$/gm)].map(([, bundle = '']) => bundle);
    expect(bundles).toHaveLength(6);
    expect(new Set(bundles)).toEqual(new Set([Buffer.from(authority).toString('base64')]));
  });

  test('leaves the namespace to whoever installs into it', () => {
    expect(objectsIn(rendered()).has('Namespace/pgusher-system')).toBe(true);
    expect(objectsIn(rendered('--namespace=pgusher-system')).has('Namespace/pgusher-system')).toBe(false);
  });

  test.each([
    ['--set=replicas=null', /replicas/],
    ['--set=replicas=0', /replicas/],
    ['--set-string=replicas=2', /replicas/],
    ['--set=resources=null', /resources/],
    ['--set=replica=3', /replica/],
    ['--set=images.webhook=', /images.webhook|images\/webhook/],
    ['--set=images=registry', /images/],
    ['--set=certificates.mode=builtin', /certificates.mode|certificates\/mode/],
    ['--set=certificates.caBundle=AAAA', /certificates.caBundle|certificates\/caBundle/],
    ['--set=components.pod-roles=true', /pod-roles/],
    ['--set=namespaces.excluded=playground', /namespaces.excluded|namespaces\/excluded/],
    ['--set=config.settings.backup-kep=14', /backup-kep/],
    ['--set=config.settings.backup=14', /config.settings.backup|config\/settings\/backup/],
    ['--set=config.checks.modes.pgdata-emptydir=of', /pgdata-emptydir/],
    ['--set=config.settings.agent-image=one,images.agent=other', /given twice/],
  ] as const)('refuses %s by name', (option, word) => {
    const { code, out, error } = run(option);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(error).toMatch(word);
  });

  test('takes null for what has no value of its own', () => {
    expect(objectsIn(rendered('--set=config=null'))).toEqual(objectsIn(rendered()));
  });

  test('passes its own linter', () => {
    const options = ['lint', '--strict', '--kube-version', kubernetesVersion, chart];
    const { status, stdout } = spawnSync(helm, options, { encoding: 'utf8' });
    expect(stdout).toContain('0 chart(s) failed');
    expect(status).toBe(0);
  });
});

describe.skipIf(missingTools('go'))('pgusher install', () => {
  const install = (...options: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync(join(manifests, '..', 'bin', 'pgusher'), ['install', ...options], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout;
  };

  test.each([
    ['.', []],
    ['files', ['--certificates=files']],
    ['cert-manager', ['--certificates=cert-manager']],
  ] as const)('prints the objects of manifests/%s, field by field', (folder, options) => {
    expect(objectsIn(install(...options))).toEqual(objectsIn(kustomized(join(manifests, folder))));
  });

  test.each(['base', 'cert-manager'])('prints those of %s with every component', (folder) => {
    const mode = folder === 'base' ? 'built-in' : folder;
    expect(objectsIn(install('--certificates', mode, '--with', ...components))).toEqual(
      objectsIn(kustomized(withEveryComponent(directory, folder))),
    );
  });

  test('and the chart have the same of the same settings', () => {
    const options = ['--image=one', '--agent-image=other', '--replicas=3', '--not-in=playground', '--fail-open'];
    const values = 'images.webhook=one,images.agent=other,replicas=3,namespaces.excluded={playground},failOpen=true';
    const always = ['template', 'any', join(manifests, 'chart'), '--skip-tests', '--kube-version', kubernetesVersion];
    const rendered = spawnSync(helmProgram(helmVersions[1]), [...always, `--set=${values},components.podRoles=true`], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    const asObject = (text: string): ReadonlyMap<string, object> =>
      new Map(
        [...objectsIn(text)].map(([name, object]) => [
          name,
          // The comments of the config file are not those of the values.
          name === 'ConfigMap/pgusher' && 'data' in object
            ? { ...object, data: parse((object.data as { 'pgusher.yaml': string })['pgusher.yaml']) as object }
            : object,
        ]),
      );
    expect(asObject(install(...options, '--with', 'pod-roles'))).toEqual(asObject(rendered.stdout));
  });

  test('knows every component that there is', () => {
    const folders = readdirSync(join(manifests, 'components')).filter((folder) => folder !== 'certificate-files');
    expect(folders.toSorted()).toEqual(components);
  });
});
