import { containerIdentity } from '../../injections/container-identity.ts';
import type { PostgresWorkload, ServerContainer } from '../../workload/postgres-workload.ts';
import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { podSpecField } from '../field-path.ts';
import { ofDataClass } from '../storage/data-storage-class.ts';
import { shareOf } from '../storage/share-provisioners.ts';

/** What the kubelet maps into the pod (Kubernetes documentation, "User Namespaces"). */
const ids = 65_536;

/**
 * Fields: spec.template.spec.hostUsers, the users and groups that the pod and the Postgres container run as, the volume under PGDATA.
 * Allowed: hostUsers absent or true; else ids below 65536, and a file system that has idmapped mounts, which NFS is not.
 */
export const userNamespace: Check = {
  id: 'user-namespace',
  severity: 'deny',
  summary:
    'The pod has user ids of its own, and Postgres runs as one that is not among them, or on a volume that knows none.',
  because:
    'A pod with hostUsers: false has the ids 0 to 65535. With another one, or on NFS, the runtime does not start it: the database stays down after the pod was replaced.',
  instead: 'runAsUser, runAsGroup and fsGroup below 65536 (999 in the Debian images); or no hostUsers.',
  examine(workload, { facts }) {
    const { server, podSpec } = workload;
    if (server === undefined || podSpec['hostUsers'] !== false) return noObservations;
    return [...ofIds(workload, server), ...ofVolume(workload, facts)];
  },
};

function ofIds({ settings }: PostgresWorkload, server: ServerContainer): readonly Observation[] {
  const identity = containerIdentity(server, settings.values);
  const { uid, gid } = identity.kind === 'root' ? identity.owner : identity;
  const { runAsGroup, fsGroup } = server.security;
  const seen = (
    [
      ['uid', uid],
      ['gid', runAsGroup ?? gid],
      ['fsGroup', fsGroup],
    ] as const
  ).find(([, id]) => id !== undefined && id >= ids);
  if (seen === undefined) return noObservations;
  return [
    {
      field: `${podSpecField}.hostUsers`,
      message: `hostUsers is false, and ${seen[0]} ${seen[1]} of Postgres is none of the 65536 that the pod has; wanted one below 65536. Write another, or remove hostUsers.`,
    },
  ];
}

function ofVolume(workload: PostgresWorkload, facts: ClusterFacts): readonly Observation[] {
  const kind = workload.server?.data.mount?.source.kind;
  const message =
    'hostUsers is false, and PGDATA is on NFS, which has no idmapped mounts; wanted block storage. Or remove hostUsers.';
  if (kind === 'nfs') return [{ field: `${podSpecField}.hostUsers`, message }];
  return ofDataClass(workload, facts, (storageClass) => (shareOf(storageClass) === 'NFS' ? message : undefined));
}
