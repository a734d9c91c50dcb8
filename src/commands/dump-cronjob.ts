import { objectAt, objectsAt, numberAt, textAt, textMapAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';

export interface DumpCronJobRequest {
  readonly namespace: string;
  readonly set: string;
  /** The StatefulSet, admitted. */
  readonly object: JsonObject;
  /** Its governing Service is there: without, its pods have no names. */
  readonly hasService: boolean;
  /** Where dumps are put. */
  readonly claim: DumpClaim;
  /** Service that leads to the primary; null: the only pod's own name. */
  readonly host: string | null;
  /** Five fields of cron. */
  readonly schedule: string;
  /** IANA name. */
  readonly timeZone: string;
  /** Of the agent; null: that of the set's pods. */
  readonly image: string | null;
  readonly keep: number;
  readonly format: string;
  readonly jobs: number;
  readonly rolePasswords: boolean;
  /** Seconds that one dump may take. */
  readonly limit: number;
}

export interface DumpClaim {
  readonly name: string;
  /** Null: it is not there. */
  readonly object: JsonObject | null;
  /** Pods that mount it. */
  readonly pods: readonly JsonObject[];
  /** What is made where it is not there; null: nothing. */
  readonly storage: { readonly size: string; readonly storageClass: string | null } | null;
}

/** In the image of the agent nobody; the claim's files are his through fsGroup, so that no container must start as root. */
const user = 65532;

/**
 * What dumps a set on a schedule in a Job of its own, for who wants that instead of `postgres.io/dump-schedule`: a claim where that is not there, and the
 * CronJob. It needs no rights in the cluster: it logs in with the Secret that the set's own agent has.
 * A string: why it could not work.
 */
export function dumpCronJob(request: DumpCronJobRequest): readonly JsonObject[] | string {
  const { namespace, set, claim } = request;
  const template = objectAt(objectAt(objectAt(request.object, 'spec'), 'template'), 'spec');
  const agent = objectsAt(template, 'initContainers').find((one) => textAt(one, 'name') === 'pgusher-backup') ?? {};
  const login = loginOf(agent);
  if (typeof login === 'string') return login;
  const place = placeOf(claim, request);
  if (typeof place === 'string') return place;
  const host = hostOf(request, agent);
  if (host === null) {
    return `${set} has several pods, or its governing Service is not there; wanted --host with the Service that leads to the one that takes writes`;
  }
  const name = `${set}-dump`;
  const labels = { 'app.kubernetes.io/name': 'pgusher-dump', 'app.kubernetes.io/instance': set };
  const args = [
    'dump',
    '--to',
    `/dumps/${set}`,
    '--format',
    request.format,
    '--jobs',
    String(request.jobs),
    '--keep',
    String(request.keep),
    ...(request.rolePasswords ? [] : ['--no-role-passwords']),
  ];
  const container: JsonObject = {
    name: 'dump',
    image: request.image ?? textAt(agent, 'image') ?? '',
    args,
    env: [
      { name: 'PGHOST', value: host },
      { name: 'PGPORT', value: String(numberAt(contractOf(agent), 'serverPort') ?? 5432) },
      ...login,
      { name: 'HOME', value: '/tmp' },
    ],
    resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '512Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'dumps', mountPath: '/dumps' },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
  const pod: JsonObject = {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    // SIGTERM makes it end pg_dump and remove what is half.
    terminationGracePeriodSeconds: 60,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: user,
      runAsGroup: user,
      fsGroup: user,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...(place.affinity === null ? {} : { affinity: place.affinity }),
    containers: [container],
    volumes: [
      { name: 'dumps', persistentVolumeClaim: { claimName: claim.name } },
      { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
    ],
  };
  return [
    ...place.claims,
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name, namespace, labels },
      spec: {
        schedule: request.schedule,
        timeZone: request.timeZone,
        concurrencyPolicy: 'Forbid',
        startingDeadlineSeconds: 3600,
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 3,
        jobTemplate: {
          spec: {
            backoffLimit: 1,
            activeDeadlineSeconds: request.limit,
            template: { metadata: { labels }, spec: pod },
          },
        },
      },
    },
  ];
}

/** The references that the agent of the set has. */
function loginOf(agent: JsonObject): readonly JsonObject[] | string {
  const env = objectsAt(agent, 'env');
  const of = (name: string): JsonObject | undefined => env.find((one) => textAt(one, 'name') === name);
  const password = objectAt(of('PGUSHER_PASSWORD'), 'valueFrom');
  if (Object.keys(objectAt(password, 'secretKeyRef')).length === 0) {
    return 'its POSTGRES_PASSWORD is not from a key of a Secret, and is not copied from anywhere else; wanted env with valueFrom.secretKeyRef, or postgres.io/dump-schedule, which dumps in the pod itself';
  }
  return [
    { ...(of('PGUSHER_USER') ?? { value: 'postgres' }), name: 'PGUSER' },
    { name: 'PGPASSWORD', valueFrom: password },
  ];
}

function contractOf(agent: JsonObject): JsonObject {
  const text = objectsAt(agent, 'env').find((one) => textAt(one, 'name') === 'PGUSHER_CONTRACT');
  return objectAt({ contract: JSON.parse(textAt(text, 'value') ?? '{}') as JsonObject }, 'contract');
}

function hostOf({ object, set, host, hasService }: DumpCronJobRequest, agent: JsonObject): string | null {
  if (host !== null) return host;
  const domain = textAt(contractOf(agent), 'service');
  return domain === undefined || !hasService || (numberAt(objectAt(object, 'spec'), 'replicas') ?? 1) > 1
    ? null
    : `${set}-0.${domain}`;
}

/** Where the Job may run so that it gets its claim, and what has to be made for it. */
function placeOf(
  { name, object, pods, storage }: DumpClaim,
  { namespace, set }: DumpCronJobRequest,
): { readonly affinity: JsonObject | null; readonly claims: readonly JsonObject[] } | string {
  if (object === null) {
    if (storage === null)
      return `there is no claim ${name} in ${namespace}; wanted one, or --storage SIZE, which prints it too`;
    return { affinity: null, claims: [newClaim(name, namespace, set, storage)] };
  }
  const modes = objectAt(object, 'spec')['accessModes'];
  const has = (mode: string): boolean => Array.isArray(modes) && modes.includes(mode);
  const others = pods.filter((pod) => ownerOf(pod) !== `${set}-dump`);
  const names = others.map((pod) => textAt(objectAt(pod, 'metadata'), 'name') ?? '').join(', ');
  if (others.some((pod) => isOf(pod, set))) {
    return `claim ${name} is one of the set's own (${names}); wanted one for dumps alone: a Job would change who its files belong to. postgres.io/dump-schedule dumps into the claim for backups, without a Job`;
  }
  if (has('ReadWriteMany') || others.length === 0) return { affinity: null, claims: [] };
  if (has('ReadWriteOncePod')) {
    return `claim ${name} is ReadWriteOncePod, and ${names} has it: the Job would wait for ever; wanted a claim of its own (--claim), or ReadWriteMany`;
  }
  const [first] = others;
  const nodes = new Set(others.map((pod) => textAt(objectAt(pod, 'spec'), 'nodeName') ?? ''));
  const label =
    first === undefined
      ? undefined
      : textMapAt(objectAt(first, 'metadata'), 'labels')['statefulset.kubernetes.io/pod-name'];
  if (nodes.size > 1 || label === undefined) {
    return `claim ${name} is ReadWriteOnce, for one node at a time, and ${names} ${others.length === 1 ? 'has' : 'have'} it: on another node the Job would stay in ContainerCreating with "Multi-Attach error for volume"; wanted a claim of its own (--claim, --storage), or ReadWriteMany`;
  }
  return {
    // Beside the pod that has it.
    affinity: {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          {
            topologyKey: 'kubernetes.io/hostname',
            labelSelector: { matchLabels: { 'statefulset.kubernetes.io/pod-name': label } },
          },
        ],
      },
    },
    claims: [],
  };
}

function isOf(pod: JsonObject, set: string): boolean {
  return objectsAt(objectAt(pod, 'metadata'), 'ownerReferences').some(
    (owner) => textAt(owner, 'kind') === 'StatefulSet' && textAt(owner, 'name') === set,
  );
}

/** Of a pod of a CronJob's Job: the CronJob's name, which the Job's begins with. */
function ownerOf(pod: JsonObject): string | undefined {
  const job = objectsAt(objectAt(pod, 'metadata'), 'ownerReferences').find((owner) => textAt(owner, 'kind') === 'Job');
  return textAt(job, 'name')?.replace(/-\d+$/, '');
}

function newClaim(
  name: string,
  namespace: string,
  set: string,
  { size, storageClass }: NonNullable<DumpClaim['storage']>,
): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name,
      namespace,
      labels: { 'app.kubernetes.io/name': 'pgusher-dump', 'app.kubernetes.io/instance': set },
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: size } },
      ...(storageClass === null ? {} : { storageClassName: storageClass }),
    },
  };
}
