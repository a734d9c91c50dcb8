import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

const root = join(import.meta.dirname, '../..');
const base = join(root, 'manifests/base');
const directory = mkdtempSync(join(tmpdir(), 'pgusher-install-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data: Record<string, string>;
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly spec: { containers: { image: string }[] } };
  };
  readonly webhooks: {
    readonly failurePolicy: string;
    readonly namespaceSelector: { readonly matchExpressions: readonly { readonly values: readonly string[] }[] };
  }[];
}

const objectsIn = (text: string): Manifest[] => parseAllDocuments(text).map((document) => document.toJS() as Manifest);

function install(...options: readonly string[]): { code: number | null; out: string; error: string } {
  const { status, stdout, stderr } = spawnSync(join(root, 'bin/pgusher'), ['install', ...options], {
    encoding: 'utf8',
  });
  return { code: status, out: stdout, error: stderr };
}

const find = (text: string, kind: string): Manifest => {
  const found = objectsIn(text).find((object) => object.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return found;
};

describe('pgusher install', () => {
  it('prints the objects of the base, each as it stands there, in the order of its kustomization', () => {
    const { resources } = parse(readFileSync(join(base, 'kustomization.yaml'), 'utf8')) as { resources: string[] };
    const wanted = resources.flatMap((file) => objectsIn(readFileSync(join(base, file), 'utf8')));
    const { code, out, error } = install();
    expect({ code, error }).toEqual({ code: 0, error: '' });
    expect(objectsIn(out)).toEqual(wanted);
    expect(wanted.length).toBeGreaterThan(12);
  });

  it('writes in what was asked for', () => {
    const configuration = join(directory, 'pgusher.yaml');
    writeFileSync(configuration, 'settings:\n  backup-keep: 14\n');
    const { out } = install(
      ...['--image', 'registry.example/pgusher:1', '--agent-image', 'registry.example/agent:1', '--replicas', '3'],
      ...['--config', configuration, '--not-in', 'playground', '--not-in', 'tests', '--fail-open'],
    );
    const { replicas, template } = find(out, 'Deployment').spec;
    expect(replicas).toBe(3);
    expect(template.spec.containers.map(({ image }) => image)).toEqual(['registry.example/pgusher:1']);
    expect(parse(find(out, 'ConfigMap').data['pgusher.yaml'] ?? '')).toEqual({
      settings: { 'backup-keep': 14, 'agent-image': 'registry.example/agent:1' },
    });
    for (const kind of ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']) {
      for (const { failurePolicy, namespaceSelector } of find(out, kind).webhooks) {
        expect(failurePolicy).toBe('Ignore');
        expect(namespaceSelector.matchExpressions[0]?.values).toEqual([
          'kube-system',
          'pgusher-system',
          'playground',
          'tests',
        ]);
      }
    }
  });

  it('prints nothing with a config file that the webhook would not take', () => {
    const configuration = join(directory, 'wrong.yaml');
    writeFileSync(configuration, 'settings:\n  backup-keep: many\n');
    const { code, out, error } = install('--config', configuration);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toContain('backup-keep');
  });
});
