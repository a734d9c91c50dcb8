import type {
  AutoscalerFact,
  ClaimFact,
  ClusterFacts,
  ConfigMapFact,
  DisruptionBudgetFact,
  FactKind,
  FactsOf,
  LabelSelector,
  LimitRangeFact,
  NetworkPolicyFact,
  NetworkRule,
  PersistentVolumeFact,
  Quantities,
  QuotaFact,
  SecretFact,
  ServiceFact,
  StatefulSetFact,
  StorageClassFact,
} from './cluster-facts.ts';
import { numberAt, objectAt, objectsAt, textAt, textMapAt, textsAt } from './json.ts';
import type { JsonObject } from './json.ts';
import { annotationName } from './annotation-name.ts';
import { keptSet } from './kept-set.ts';
import { isManaged } from './read-settings.ts';

type FactOf<Kind extends FactKind> = ClusterFacts[Kind] extends FactsOf<infer T> ? T : never;

export interface FactSource<T> {
  readonly group: string;
  /** That the API lists them in; files may hold another. */
  readonly version: string;
  readonly kind: string;
  /** The plural under which the API lists them. */
  readonly resource: string;
  readonly isNamespaced: boolean;
  /** The fact in an object of this kind, of whatever version of its API. */
  read(object: JsonObject): T;
}

/** What each kind of fact is read from, and how. */
export const factSources: { readonly [Kind in FactKind]: FactSource<FactOf<Kind>> } = {
  claims: {
    group: '',
    version: 'v1',
    kind: 'PersistentVolumeClaim',
    resource: 'persistentvolumeclaims',
    isNamespaced: true,
    read: readClaim,
  },
  storageClasses: {
    group: 'storage.k8s.io',
    version: 'v1',
    kind: 'StorageClass',
    resource: 'storageclasses',
    isNamespaced: false,
    read: readStorageClass,
  },
  secrets: { group: '', version: 'v1', kind: 'Secret', resource: 'secrets', isNamespaced: true, read: readSecret },
  services: { group: '', version: 'v1', kind: 'Service', resource: 'services', isNamespaced: true, read: readService },
  disruptionBudgets: {
    group: 'policy',
    version: 'v1',
    kind: 'PodDisruptionBudget',
    resource: 'poddisruptionbudgets',
    isNamespaced: true,
    read: readDisruptionBudget,
  },
  autoscalers: {
    group: 'autoscaling',
    version: 'v2',
    kind: 'HorizontalPodAutoscaler',
    resource: 'horizontalpodautoscalers',
    isNamespaced: true,
    read: readAutoscaler,
  },
  statefulSets: {
    group: 'apps',
    version: 'v1',
    kind: 'StatefulSet',
    resource: 'statefulsets',
    isNamespaced: true,
    read: readStatefulSet,
  },
  networkPolicies: {
    group: 'networking.k8s.io',
    version: 'v1',
    kind: 'NetworkPolicy',
    resource: 'networkpolicies',
    isNamespaced: true,
    read: readNetworkPolicy,
  },
  limitRanges: {
    group: '',
    version: 'v1',
    kind: 'LimitRange',
    resource: 'limitranges',
    isNamespaced: true,
    read: readLimitRange,
  },
  quotas: {
    group: '',
    version: 'v1',
    kind: 'ResourceQuota',
    resource: 'resourcequotas',
    isNamespaced: true,
    read: readQuota,
  },
};

/** See ClusterFacts. */
export const configMapSource: FactSource<ConfigMapFact> = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  resource: 'configmaps',
  isNamespaced: true,
  read: (object) => ({ name: nameOf(object), data: textMapAt(object, 'data') }),
};

/** See ClusterFacts. */
export const persistentVolumeSource: FactSource<PersistentVolumeFact> = {
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  resource: 'persistentvolumes',
  isNamespaced: false,
  read: readPersistentVolume,
};

export const factKinds = Object.keys(factSources) as readonly FactKind[];

/** Where the API lists a kind: in one namespace, or all that there are. */
export function resourcePath({ group, version, resource }: FactSource<unknown>, namespace?: string): string {
  const place = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${group === '' ? '/api' : `/apis/${group}`}/${version}${place}/${resource}`;
}

function nameOf(object: JsonObject): string {
  return textAt(objectAt(object, 'metadata'), 'name') ?? '';
}

function readClaim(object: JsonObject): ClaimFact {
  const spec = objectAt(object, 'spec');
  return {
    name: nameOf(object),
    accessModes: textsAt(spec, 'accessModes'),
    storageClass: textAt(spec, 'storageClassName'),
    volumeName: textAt(spec, 'volumeName'),
    storage: textAt(objectAt(objectAt(spec, 'resources'), 'requests'), 'storage'),
  };
}

function readPersistentVolume(object: JsonObject): PersistentVolumeFact {
  const spec = objectAt(object, 'spec');
  const [nfs, claim] = [objectAt(spec, 'nfs'), objectAt(spec, 'claimRef')];
  const kind = 'hostPath' in spec ? 'hostPath' : 'nfs' in spec ? 'nfs' : 'other';
  const path = textAt(kind === 'nfs' ? nfs : objectAt(spec, 'hostPath'), 'path') ?? '';
  const claimName = textAt(claim, 'name');
  return {
    name: nameOf(object),
    kind,
    path: kind === 'nfs' ? `${textAt(nfs, 'server') ?? ''}:${path}` : path,
    isOfSomeNodes: 'nodeAffinity' in spec,
    storageClass: textAt(spec, 'storageClassName') ?? '',
    accessModes: textsAt(spec, 'accessModes'),
    storage: countAt(objectAt(spec, 'capacity'), 'storage'),
    claim: claimName === undefined ? undefined : `${textAt(claim, 'namespace') ?? ''}/${claimName}`,
  };
}

function readStorageClass(object: JsonObject): StorageClassFact {
  const annotations = objectAt(objectAt(object, 'metadata'), 'annotations');
  return {
    name: nameOf(object),
    isDefault: textAt(annotations, 'storageclass.kubernetes.io/is-default-class') === 'true',
    provisioner: textAt(object, 'provisioner') ?? '',
    protocol: textAt(objectAt(object, 'parameters'), 'protocol'),
    // What the apiserver writes where nothing is written.
    reclaimPolicy: textAt(object, 'reclaimPolicy') ?? 'Delete',
    canExpand: object['allowVolumeExpansion'] === true,
  };
}

/** A list of metadata alone has no `data`; an empty Secret has none either, but its `type` is always there. */
function readSecret(object: JsonObject): SecretFact {
  const isWhole = ['data', 'stringData', 'type'].some((key) => key in object) || textAt(object, 'kind') === 'Secret';
  const keys = new Set([...Object.keys(objectAt(object, 'data')), ...Object.keys(objectAt(object, 'stringData'))]);
  return { name: nameOf(object), keys: isWhole ? [...keys].toSorted() : undefined, userNames: readUserNames(object) };
}

/** `username`, `POSTGRES_USER`, `replication-user`; what is written in clear counts (Kubernetes, "Secrets", stringData). */
function readUserNames(object: JsonObject): Readonly<Record<string, string>> {
  const encoded = Object.entries(textMapAt(object, 'data')).map(
    ([key, value]) => [key, Buffer.from(value, 'base64').toString()] as const,
  );
  const values = [...encoded, ...Object.entries(textMapAt(object, 'stringData'))];
  return Object.fromEntries(values.filter(([key]) => holdsUserName.test(key)));
}

const holdsUserName = /^(?!.*pass)(?:.*[-_.])?user(?:[-_.]?name)?$/i;

function readService(object: JsonObject): ServiceFact {
  const spec = objectAt(object, 'spec');
  return {
    name: nameOf(object),
    isHeadless: textAt(spec, 'clusterIP') === 'None',
    publishesNotReady: spec['publishNotReadyAddresses'] === true,
    selector: textMapAt(spec, 'selector'),
    ports: objectsAt(spec, 'ports').map((entry) => {
      const port = numberAt(entry, 'port') ?? 0;
      return { port, target: textAt(entry, 'targetPort') ?? numberAt(entry, 'targetPort') ?? port };
    }),
  };
}

function readDisruptionBudget(object: JsonObject): DisruptionBudgetFact {
  const spec = objectAt(object, 'spec');
  return {
    name: nameOf(object),
    selector: readSelector(objectAt(spec, 'selector')),
    minAvailable: countAt(spec, 'minAvailable'),
    maxUnavailable: countAt(spec, 'maxUnavailable'),
  };
}

/** A number or a percentage. */
function countAt(spec: JsonObject, key: string): string | undefined {
  return textAt(spec, key) ?? numberAt(spec, key)?.toString();
}

function readSelector(selector: JsonObject): LabelSelector {
  return {
    labels: textMapAt(selector, 'matchLabels'),
    expressions: objectsAt(selector, 'matchExpressions').map((expression) => ({
      key: textAt(expression, 'key') ?? '',
      operator: textAt(expression, 'operator') ?? '',
      values: textsAt(expression, 'values'),
    })),
  };
}

function readAutoscaler(object: JsonObject): AutoscalerFact {
  const spec = objectAt(object, 'spec');
  const target = objectAt(spec, 'scaleTargetRef');
  return {
    name: nameOf(object),
    target: `${textAt(target, 'kind') ?? ''}/${textAt(target, 'name') ?? ''}`,
    maxReplicas: numberAt(spec, 'maxReplicas'),
  };
}

function readStatefulSet(object: JsonObject): StatefulSetFact {
  const metadata = objectAt(object, 'metadata');
  const spec = objectAt(object, 'spec');
  const pod = objectAt(objectAt(spec, 'template'), 'spec');
  return {
    name: nameOf(object),
    uid: textAt(metadata, 'uid') ?? '',
    replicas: numberAt(spec, 'replicas') ?? 1,
    firstOrdinal: numberAt(objectAt(spec, 'ordinals'), 'start') ?? 0,
    isBeingDeleted: textAt(metadata, 'deletionTimestamp') !== undefined,
    managed: isManaged(textMapAt(metadata, 'labels')) ? keptSet(object) : undefined,
    backups: readBackups(metadata),
    claimTemplates: objectsAt(spec, 'volumeClaimTemplates').map(nameOf),
    writes: objectsAt(pod, 'volumes').flatMap((volume) => {
      const source = objectAt(volume, 'persistentVolumeClaim');
      const claim = textAt(source, 'claimName');
      const folders = writtenFolders(pod, textAt(volume, 'name') ?? '');
      return claim === undefined || source['readOnly'] === true || folders.length === 0 ? [] : [{ claim, folders }];
    }),
  };
}

function readBackups(metadata: JsonObject): StatefulSetFact['backups'] {
  const annotations = objectAt(metadata, 'annotations');
  const claim = textAt(annotations, annotationName('backup-claim'));
  const isOff = textAt(annotations, annotationName('backup')) === 'off';
  const isStandby = textAt(annotations, annotationName('role')) === 'standby';
  if (claim === undefined || isOff || isStandby || !isManaged(textMapAt(metadata, 'labels'))) return undefined;
  return { claim, prefix: textAt(annotations, annotationName('backup-prefix')) };
}

/** A path with variables may be any folder, so it counts as all of the volume. */
function writtenFolders(pod: JsonObject, volume: string): readonly string[] {
  const containers = ['initContainers', 'containers'].flatMap((list) => objectsAt(pod, list));
  return containers
    .flatMap((container) => objectsAt(container, 'volumeMounts'))
    .filter((mount) => textAt(mount, 'name') === volume && mount['readOnly'] !== true)
    .map((mount) => textAt(mount, 'subPath') ?? '');
}

/** Kubernetes documentation, "Network Policies": without policyTypes it is about ingress, and about egress where it has rules for it. */
function readNetworkPolicy(object: JsonObject): NetworkPolicyFact {
  const spec = objectAt(object, 'spec');
  const types = textsAt(spec, 'policyTypes');
  const isAbout = (type: string, isDefault: boolean): boolean =>
    types.length === 0 ? isDefault : types.includes(type);
  return {
    name: nameOf(object),
    pods: readSelector(objectAt(spec, 'podSelector')),
    ingress: isAbout('Ingress', true) ? readRules(spec, 'ingress', 'from') : undefined,
    egress: isAbout('Egress', 'egress' in spec) ? readRules(spec, 'egress', 'to') : undefined,
  };
}

function readRules(spec: JsonObject, direction: string, side: string): readonly NetworkRule[] {
  return objectsAt(spec, direction).map((rule) => ({
    peers: objectsAt(rule, side).map((peer) =>
      'ipBlock' in peer || 'namespaceSelector' in peer ? 'anybody' : readSelector(objectAt(peer, 'podSelector')),
    ),
    ports: readPorts(objectsAt(rule, 'ports')),
  }));
}

function readPorts(ports: readonly JsonObject[]): NetworkRule['ports'] {
  if (ports.length === 0) return undefined;
  return ports
    .filter((port) => (textAt(port, 'protocol') ?? 'TCP') === 'TCP')
    .map((port) => ({ from: numberAt(port, 'port') ?? textAt(port, 'port'), to: numberAt(port, 'endPort') }));
}

function readLimitRange(object: JsonObject): LimitRangeFact {
  return {
    name: nameOf(object),
    limits: objectsAt(objectAt(object, 'spec'), 'limits').map((limit) => {
      const [max, min] = [quantitiesAt(limit, 'max'), quantitiesAt(limit, 'min')];
      const isOfContainers = textAt(limit, 'type') === 'Container';
      // A file has what was written; the apiserver fills in the rest (kubernetes, SetDefaults_LimitRangeItem).
      const defaults = { ...min, ...max, ...quantitiesAt(limit, 'default'), ...quantitiesAt(limit, 'defaultRequest') };
      return {
        type: textAt(limit, 'type') ?? '',
        max,
        min,
        maxLimitRequestRatio: quantitiesAt(limit, 'maxLimitRequestRatio'),
        defaultRequest: isOfContainers ? defaults : {},
      };
    }),
  };
}

function readQuota(object: JsonObject): QuotaFact {
  const spec = objectAt(object, 'spec');
  const isScoped = 'scopes' in spec || 'scopeSelector' in spec;
  return { name: nameOf(object), hard: isScoped ? {} : quantitiesAt(spec, 'hard') };
}

/** A manifest may have a bare number. */
function quantitiesAt(parent: JsonObject, key: string): Quantities {
  const written = Object.keys(objectAt(parent, key)).map(
    (name) => [name, countAt(objectAt(parent, key), name)] as const,
  );
  return Object.fromEntries(written.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
