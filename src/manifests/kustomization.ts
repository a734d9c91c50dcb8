import { Document, parseAllDocuments, parseDocument } from 'yaml';
import type { KustomizePatch } from './kustomize-patch.ts';

/** A kustomization.yaml of manifests/, without what it takes from other folders. */
export interface Kustomization {
  /** Files of the folder. */
  readonly resources: readonly string[];
  readonly patches: readonly { readonly path: string; readonly target?: KustomizePatch['target'] }[];
  readonly configMaps: readonly {
    readonly name: string;
    readonly namespace: string;
    readonly files: readonly string[];
    readonly labels: Readonly<Record<string, string>>;
  }[];
}

interface Written {
  readonly resources?: readonly string[];
  readonly patches?: Kustomization['patches'];
  readonly configMapGenerator?: readonly {
    readonly name: string;
    readonly namespace: string;
    readonly files: readonly string[];
    readonly options: { readonly labels: Readonly<Record<string, string>> };
  }[];
}

export function readKustomization(text: string): Kustomization {
  const { resources = [], patches = [], configMapGenerator = [] } = parseDocument(text).toJS() as Written;
  return {
    resources: resources.filter((name) => name.endsWith('.yaml')),
    patches,
    configMaps: configMapGenerator.map(({ options, ...others }) => ({ ...others, labels: options.labels })),
  };
}

/** The documents of a file, in their order. */
export function documentsIn(text: string): readonly Document[] {
  return [...parseAllDocuments(text)];
}

/** What kustomize makes of an entry under `configMapGenerator`; `texts` are those of its files. */
export function configMap(made: Kustomization['configMaps'][number], texts: readonly string[]): Document {
  const { name, namespace, labels, files } = made;
  return new Document({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, labels },
    data: Object.fromEntries(files.map((file, index) => [file, texts[index]])),
  });
}
