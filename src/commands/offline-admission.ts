import type { AdmissionContext, AdmissionRequest } from '../admission/admission.ts';
import { noPolicy } from '../checks/policy.ts';
import { noFacts } from '../workload/fact-table.ts';
import { objectAt, textAt, textMapAt } from '../workload/json.ts';
import { factsBeside, factsOfCluster } from './facts-in-files.ts';
import { UsageError } from './exit-code.ts';
import { readText } from './manifest-files.ts';
import type { ManifestObject } from './manifest-objects.ts';
import type { ManifestOptions } from './manifest-options.ts';
import { utcDay } from '../utc-day.ts';

/** What surrounds the decision about an object. */
export type ContextOf = (where: ManifestObject) => AdmissionContext;

/** For objects of files: with what the others tell of each one, or the cluster where it is to be asked. */
export async function offlineContexts(
  { config, cluster }: Pick<ManifestOptions, 'config' | 'cluster'>,
  objects: readonly ManifestObject[],
): Promise<ContextOf> {
  const context = await offlineContext(config, objects);
  const factsOf = cluster === true ? await factsOfCluster(objects) : factsBeside(objects);
  return (where) => ({ ...context, facts: factsOf(where) });
}

/** What surrounds a decision on a laptop: the cluster config file, and the Namespace objects among the manifests. */
export async function offlineContext(
  configFile: string | undefined,
  objects: readonly ManifestObject[],
): Promise<AdmissionContext> {
  const namespaces = new Map(
    objects
      .filter(({ kind, object }) => kind === 'Namespace' && object['apiVersion'] === 'v1')
      .map(({ name, object }) => [name, textMapAt(objectAt(object, 'metadata'), 'annotations')]),
  );
  return {
    clusterSettings: {},
    policy: noPolicy,
    withRollout: false,
    ...(configFile === undefined ? {} : await readConfig(configFile)),
    namespaceAnnotations: (namespace) => namespaces.get(namespace),
    namespaceIsEnding: () => undefined,
    facts: noFacts,
    today: utcDay(),
  };
}

async function readConfig(path: string): Promise<Pick<AdmissionContext, 'clusterSettings' | 'policy' | 'withRollout'>> {
  const text = await readText(path);
  // Its schema library takes longer to load than everything else; most commands run without a config file.
  const { parseConfiguration, problemText } = await import('../config.ts');
  const parsed = parseConfiguration(text);
  if (parsed.kind === 'invalid') {
    throw new UsageError([`${path} cannot be used:`, ...parsed.problems.map(problemText)].join('\n  '));
  }
  const { settings, policy, withRollout } = parsed.configuration;
  return { clusterSettings: settings, policy, withRollout };
}

/** The request that `kubectl create` of the object would make. */
export function createRequest({ object, kind, namespace, name }: ManifestObject): AdmissionRequest {
  const [version = '', group = ''] = (textAt(object, 'apiVersion') ?? '').split('/').toReversed();
  return {
    uid: 'command-line',
    operation: 'CREATE',
    kind: { group, version, kind },
    resource: { group, resource: '' },
    subResource: '',
    namespace,
    name,
    user: 'command-line',
    dryRun: true,
    orphans: false,
    object,
    oldObject: undefined,
  };
}
