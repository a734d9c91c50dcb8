import type { JsonObject } from '../workload/json.ts';
import { drillLabel, drillName } from './drill-set.ts';

export interface CronJobRequest {
  readonly namespace: string;
  readonly set: string;
  /** Five fields of cron. */
  readonly schedule: string;
  /** IANA name. */
  readonly timeZone: string;
  /** Of pgusher, the command line. */
  readonly image: string;
  readonly compare: readonly string[];
  /** Seconds that one drill may take. */
  readonly limit: number;
}

/** Beside the drill itself: the image of the Job, and what it removes at its end. */
const slack = 900;

/**
 * What runs `pgusher drill SET` on a schedule: an account, what it may do in this namespace, and the CronJob. Its rights are those of a person who drills:
 * whoever may make pods in a namespace can read its Secrets, so nobody else should use the account.
 */
export function drillCronJob(request: CronJobRequest): readonly JsonObject[] {
  const { namespace, set, schedule, timeZone } = request;
  const name = drillName(set);
  const metadata = { name, namespace, labels: { [drillLabel]: set } };
  const job = {
    backoffLimit: 0,
    activeDeadlineSeconds: request.limit + slack,
    template: {
      metadata: { labels: { 'app.kubernetes.io/name': 'pgusher-drill' } },
      spec: {
        serviceAccountName: name,
        restartPolicy: 'Never',
        // SIGTERM makes it remove the drill first.
        terminationGracePeriodSeconds: 180,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 65532,
          runAsGroup: 65532,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        containers: [
          {
            name: 'drill',
            image: request.image,
            args: [
              'drill',
              set,
              '-n',
              namespace,
              '--within',
              String(request.limit / 60),
              ...request.compare.flatMap((table) => ['--compare', table]),
            ],
            resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '256Mi' } },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            },
          },
        ],
      },
    },
  };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules: drillRights },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata,
      spec: {
        schedule,
        timeZone,
        // One that still runs has the pod's name.
        concurrencyPolicy: 'Forbid',
        startingDeadlineSeconds: 3600,
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 3,
        jobTemplate: { spec: job },
      },
    },
  ];
}

/** What `pgusher drill` needs; `create statefulsets` is for the dry run that the webhook answers, nothing is stored by it. */
const drillRights: readonly JsonObject[] = [
  { apiGroups: ['apps'], resources: ['statefulsets'], verbs: ['get', 'create'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'create', 'delete'] },
  { apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] },
  { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: ['get', 'create', 'delete'] },
];
