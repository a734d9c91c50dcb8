import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { ControlPlane } from './control-plane.ts';

/** The fields of a stored StatefulSet that these tests look at. */
export interface StatefulSet {
  metadata: {
    name: string;
    namespace: string;
    generation: number;
    labels: Record<string, string>;
    annotations: Record<string, string>;
    finalizers?: string[];
  };
  spec: {
    replicas: number;
    template: {
      metadata: { annotations?: Record<string, string>; labels: Record<string, string> };
      spec: {
        terminationGracePeriodSeconds: number;
        initContainers?: Container[];
        containers: Container[];
        volumes?: { name: string }[];
      };
    };
    volumeClaimTemplates: { metadata: { name: string } }[];
  };
  status: { currentRevision?: string; updateRevision?: string };
}

export interface Container {
  name: string;
  image: string;
  args?: string[];
  env?: { name: string; value?: string }[];
  resources?: unknown;
}

export function ordersManifest(change: (manifest: StatefulSet) => void = () => undefined): string {
  const manifest = parse(
    readFileSync(join(import.meta.dirname, '..', 'fixtures', 'orders.yaml'), 'utf8'),
  ) as StatefulSet;
  manifest.metadata.annotations = { ...manifest.metadata.annotations };
  change(manifest);
  return stringify(manifest);
}

export function stored(cluster: ControlPlane, name = 'orders', namespace = 'default'): StatefulSet {
  return JSON.parse(cluster.kubectl(['get', 'statefulset', name, '-n', namespace, '-o', 'json'])) as StatefulSet;
}

export function initContainerNames(set: StatefulSet): string[] {
  return (set.spec.template.spec.initContainers ?? []).map((container) => container.name);
}

export function serverOf(set: StatefulSet): Container {
  const server = set.spec.template.spec.containers.find((container) => container.name === 'postgres');
  if (server === undefined) throw new Error('The StatefulSet has no container postgres.');
  return server;
}
