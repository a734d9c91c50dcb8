import { objectAt, objectsAt, textAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import { readServerStart } from '../workload/server-start.ts';
import { drillLabel, drillName } from './drill-set.ts';

/** What is made in the cluster, in this order: the claims belong to the pod, and go with it. */
export interface Drill {
  readonly pod: JsonObject;
  readonly claims: readonly JsonObject[];
}

export interface DrillRequest {
  readonly set: string;
  readonly namespace: string;
  /** Of the container that Postgres runs in. */
  readonly server: string;
  /** That the backups lie on. */
  readonly claim: string;
  /** Where the pod of the set runs that has this claim; null where it does not run. */
  readonly node: string | null;
  /** Seconds after which the kubelet ends it, whoever made it. */
  readonly limit: number;
  /** Claims that the template and the backups name, as far as they are there. */
  readonly existing: ReadonlyMap<string, JsonObject>;
}

/** Kinds of volumes that nobody else writes, or that hold no data of a database. */
const harmless = ['emptyDir', 'configMap', 'secret', 'projected', 'downwardAPI', 'ephemeral'];

/**
 * What the copy must not do with what it was copied from. archive_mode: a setting that was restored with the data would write to the real archive;
 * subscriptions would take the slot of the real one away (manual, "Logical Replication", "Subscription"), and pg_cron would run its jobs. A parameter with a
 * prefix that no library has claimed is taken by every server.
 */
const quiet = ['archive_mode=off', 'max_logical_replication_workers=0', 'cron.launch_active_jobs=off'];

/**
 * The pod of a drill: the server and what pgusher injects, on claims of its own, below no Service and no disruption budget, with no other container of
 * the user's (one may write to the real world). `injected` is what the webhook made of `drillSet`.
 * A string: why none can be made that leaves the real database alone.
 */
export function drillPod(injected: JsonObject, request: DrillRequest): Drill | string {
  const template = objectAt(objectAt(objectAt(injected, 'spec'), 'template'), 'spec');
  const name = `${drillName(request.set)}-0`;
  const server = objectsAt(template, 'containers').find((one) => textAt(one, 'name') === request.server);
  if (server === undefined) return `the webhook's answer has no container ${request.server}`;
  if (template['hostNetwork'] === true || template['hostPID'] === true) {
    return 'its pods use the network of the node, where a second server would meet the first; wanted a set without hostNetwork and hostPID. `pgusher-agent restore --to` tries the backups elsewhere';
  }
  if (!takesArguments(server)) {
    return 'its server is started by a script, which could not be kept from archiving and subscribing as the real one does; wanted one that is started by the image. `pgusher-agent restore --to` tries the backups elsewhere';
  }
  const modes = textsAt(objectAt(request.existing.get(request.claim), 'spec'), 'accessModes');
  if (modes.includes('ReadWriteOncePod')) {
    return `its backups lie on claim ${request.claim}, which is ReadWriteOncePod: one pod alone can have it; wanted ReadWriteOnce`;
  }
  const volumes = ownVolumes(injected, template, name, request);
  if (typeof volumes === 'string') return volumes;
  // One node at a time: there two pods may have it.
  const node = modes.some((mode) => mode !== 'ReadWriteOnce') ? null : request.node;
  return {
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: request.namespace, labels: labelsOf(request) },
      spec: {
        ...without(template, ['topologySpreadConstraints', 'priorityClassName', 'hostname', 'subdomain']),
        restartPolicy: 'Never',
        activeDeadlineSeconds: request.limit,
        // Nothing of it is kept.
        terminationGracePeriodSeconds: 5,
        affinity: affinityOf(template, node),
        initContainers: objectsAt(template, 'initContainers').map(withoutHostPorts),
        containers: [withoutHostPorts(quietServer(server))],
        volumes: volumes.volumes,
      },
    },
    claims: volumes.claims,
  };
}

function labelsOf({ set }: DrillRequest): JsonObject {
  return { [drillLabel]: set, 'app.kubernetes.io/managed-by': 'pgusher' };
}

/** Each volume of the template, those of a claim on a new claim of the same size and class. */
function ownVolumes(
  injected: JsonObject,
  template: JsonObject,
  pod: string,
  request: DrillRequest,
): { readonly volumes: readonly JsonObject[]; readonly claims: readonly JsonObject[] } | string {
  const templates = objectsAt(objectAt(injected, 'spec'), 'volumeClaimTemplates');
  const claims: JsonObject[] = [];
  const volumes: JsonObject[] = [];
  const onOwnClaim = (volume: string, spec: JsonObject): void => {
    const claim = `${volume}-${pod}`;
    claims.push(newClaim(claim, spec, request));
    volumes.push({ name: volume, persistentVolumeClaim: { claimName: claim } });
  };
  for (const one of templates) onOwnClaim(textAt(objectAt(one, 'metadata'), 'name') ?? '', objectAt(one, 'spec'));
  for (const volume of objectsAt(template, 'volumes')) {
    const name = textAt(volume, 'name') ?? '';
    // A claim template of the same name stands for it (the StatefulSet controller does so, too).
    if (volumes.some((one) => one['name'] === name)) continue;
    const claim = objectAt(volume, 'persistentVolumeClaim');
    const claimName = textAt(claim, 'claimName');
    const kind = Object.keys(volume).find((key) => key !== 'name') ?? 'emptyDir';
    if (claimName === request.claim) {
      volumes.push({ name, persistentVolumeClaim: { claimName, readOnly: true } });
    } else if (claimName !== undefined) {
      const existing = request.existing.get(claimName);
      if (existing === undefined)
        return `claim ${claimName} cannot be read; wanted its size, for one of the drill's own`;
      onOwnClaim(name, objectAt(existing, 'spec'));
    } else if (harmless.includes(kind) || objectAt(volume, kind)['readOnly'] === true) {
      volumes.push(volume);
    } else {
      return `its volume ${name} is ${kind}, which the drill would share with the real database; wanted volumes on claims. \`pgusher-agent restore --to\` tries the backups elsewhere`;
    }
  }
  return { volumes, claims };
}

/** Of the same size, class and kind; never the same volume. */
function newClaim(name: string, spec: JsonObject, request: DrillRequest): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: request.namespace, labels: labelsOf(request) },
    spec: without(spec, ['volumeName', 'selector', 'dataSource', 'dataSourceRef']),
  };
}

function quietServer(server: JsonObject): JsonObject {
  return {
    // Its end is not waited for: nothing is written that anybody reads.
    ...without(server, ['lifecycle']),
    args: [...textsAt(server, 'args'), ...quiet.flatMap((setting) => ['-c', setting])],
  };
}

/** A shell's script takes none (injections/server-arguments.ts). */
function takesArguments(server: JsonObject): boolean {
  const { form } = readServerStart(textsAt(server, 'command'), textsAt(server, 'args'));
  return form.kind === 'entrypoint' || form.kind === 'direct';
}

function textsAt(object: JsonObject, name: string): readonly string[] {
  const values = object[name];
  return Array.isArray(values) ? values.filter((value) => typeof value === 'string') : [];
}

function affinityOf(template: JsonObject, node: string | null): JsonObject {
  const { nodeAffinity } = objectAt(template, 'affinity');
  if (node === null) return nodeAffinity === undefined ? {} : { nodeAffinity };
  const term = { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] };
  return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } };
}

function withoutHostPorts(container: JsonObject): JsonObject {
  const ports = objectsAt(container, 'ports').map((port) => without(port, ['hostPort', 'hostIP']));
  return ports.length === 0 ? container : { ...container, ports };
}

function without(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}
