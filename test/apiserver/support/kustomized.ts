import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { buildPrograms, kubernetesVersion } from '../../../scripts/cluster/kubernetes.ts';
import { components } from '../../../src/manifests/components.ts';

const manifests = join(import.meta.dirname, '..', '..', '..', 'manifests');

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** What `kubectl kustomize` prints of a folder. */
export function kustomized(folder: string): string {
  const kubectl = join(buildPrograms(kubernetesVersion, ['kubectl']), 'kubectl');
  return execFileSync(kubectl, ['kustomize', folder], { encoding: 'utf8', maxBuffer: 2 ** 26 });
}

/** A kustomization of one's own below `directory`: `folder` of manifests/ with all components. */
export function withEveryComponent(directory: string, folder: string): string {
  const own = join(directory, 'own');
  mkdirSync(own, { recursive: true });
  const path = (...parts: readonly string[]): string => relative(own, join(manifests, ...parts));
  const kustomization = { resources: [path(folder)], components: components.map((name) => path('components', name)) };
  writeFileSync(join(own, 'kustomization.yaml'), JSON.stringify(kustomization));
  return own;
}

/**
 * By kind and name. kustomize writes its namespace onto a ValidatingAdmissionPolicy and its binding, which have none (findings/).
 * @throws Error where two have one name.
 */
export function objectsIn(text: string): ReadonlyMap<string, object> {
  const byName = new Map<string, object>();
  for (const document of parseAllDocuments(text)) {
    const object = document.toJS() as Manifest | null;
    if (object === null) continue;
    const { namespace, ...metadata } = object.metadata;
    const name = `${object.kind}/${metadata.name}`;
    if (byName.has(name)) throw new Error(`${name} is there twice`);
    const hasNone = object.kind.startsWith('ValidatingAdmissionPolicy');
    byName.set(name, { ...object, metadata: hasNone ? metadata : { ...metadata, namespace } });
  }
  return byName;
}
