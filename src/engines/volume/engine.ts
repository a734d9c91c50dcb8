import { paths } from '../../agent/contract.ts';
import { backupTemplate } from '../../workload/backup-template.ts';
import { objectAt, objectsAt, textAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import { formatQuantity, parseQuantity } from '../../workload/quantity.ts';
import type { BackupEngine, Destination, EngineContext, Source } from '../engine.ts';

/**
 * The volume of `backup-claim`. Another name than the template's: the controller lets a claim template win over a volume
 * of the same name, and a template that was added once cannot be taken away again.
 */
const claimVolumeName = 'pgusher-backup-claim';

const spoolVolumeName = 'pgusher-spool';

/** Where nobody says how large the data may become. */
const leastSpool = 10 * 2 ** 30;

const sourceVolumeName = 'pgusher-source';

/** Room for the base backups that `backup-keep` asks for is the user's business; 2 x holds two full ones and some WAL. */
const dataClaims = 2;

/** Base backups and WAL on a claim of their own, mounted in the agent. */
export const volumeEngine: BackupEngine = {
  name: 'volume',
  summary: 'Base backups and WAL as plain files on a PersistentVolumeClaim',

  destination(context) {
    const { backupClaim } = context.workload.settings.values;
    if (backupClaim !== undefined) {
      return store(context, {
        volume: claimVolumeName,
        volumes: [{ name: claimVolumeName, persistentVolumeClaim: { claimName: backupClaim } }],
        claimTemplates: [],
        description: `claim ${backupClaim}`,
      });
    }
    const standing = standingTemplate(context);
    if (standing !== undefined) {
      const size = textAt(objectAt(objectAt(objectAt(standing, 'spec'), 'resources'), 'requests'), 'storage');
      return store(context, {
        volume: backupTemplate,
        volumes: [],
        claimTemplates: [],
        description: `claim template ${backupTemplate}${size === undefined ? '' : `, ${size}`}`,
      });
    }
    const added = newTemplate(context);
    return added.kind === 'none' ? (spool(context, added.reason) ?? added) : added;
  },

  source(context, destination): Source | undefined {
    const { restoreFrom, restoreFromClaim, backupClaim } = context.workload.settings.values;
    const prefix = restoreFrom ?? ownPrefix(context);
    if (restoreFromClaim !== undefined && restoreFromClaim !== backupClaim) {
      return {
        kind: 'store',
        store: { mount: paths.source, prefix },
        volumes: [{ name: sourceVolumeName, persistentVolumeClaim: { claimName: restoreFromClaim, readOnly: true } }],
        mounts: [{ name: sourceVolumeName, mountPath: paths.source, readOnly: true }],
        claimTemplates: [],
        description: `${prefix} in claim ${restoreFromClaim}`,
      };
    }
    if (prefix === ownPrefix(context)) return undefined;
    if (destination.kind === 'none' || destination.spool !== undefined) {
      return {
        kind: 'none',
        store: { mount: paths.source, prefix },
        reason: `postgres.io/restore-from is "${prefix}" but there is no claim that could hold it; write postgres.io/restore-from-claim`,
      };
    }
    // The same claim, mounted a second time: two volumes of one claim in one pod is what kubelets have hung on.
    return {
      kind: 'store',
      store: { mount: paths.source, prefix },
      volumes: [],
      mounts: destination.mounts.map((mount) => ({ ...mount, mountPath: paths.source, readOnly: true })),
      claimTemplates: [],
      description: `${prefix} in ${destination.description}`,
    };
  },
};

function store(
  context: EngineContext,
  place: {
    readonly volume: string;
    readonly volumes: readonly JsonObject[];
    readonly claimTemplates: readonly JsonObject[];
    readonly description: string;
  },
): Destination {
  return {
    kind: 'store',
    store: { mount: paths.store, prefix: ownPrefix(context) },
    volumes: place.volumes,
    mounts: [{ name: place.volume, mountPath: paths.store }],
    claimTemplates: place.claimTemplates,
    description: place.description,
  };
}

/** Without a claim an object store is enough: what goes there passes through a folder of the node. */
function spool(context: EngineContext, reason: string): Destination | undefined {
  const { backup, backupStore, backupSpool } = context.workload.settings.values;
  if (!backup || backupStore === undefined) return undefined;
  const wanted = backupSpool.kind === 'size' ? parseQuantity(backupSpool.quantity) : dataSize(context);
  const bytes = Math.floor(wanted ?? leastSpool);
  const limit = formatQuantity(bytes);
  const place = store(context, {
    volume: spoolVolumeName,
    volumes: [{ name: spoolVolumeName, emptyDir: { sizeLimit: limit } }],
    claimTemplates: [],
    description: `${backupStore} through a spool of at most ${limit} on the node; there is no claim for them: ${reason}`,
  });
  return place.kind === 'store' ? { ...place, spool: bytes } : place;
}

function dataSize({ server }: EngineContext): number | undefined {
  const source = server.data.mount?.source;
  const storage = source?.kind === 'claim-template' ? source.storage : undefined;
  return storage === undefined ? undefined : parseQuantity(storage);
}

function ownPrefix({ workload }: EngineContext): string {
  return workload.settings.values.backupPrefix ?? `${workload.namespace}/${workload.name}`;
}

/** Ours from an earlier render, or one that stayed behind in the object when pgusher was taken out of it. */
function standingTemplate({ workload, injectedClaimTemplates }: EngineContext): JsonObject | undefined {
  const isOurs = (template: JsonObject): boolean => textAt(objectAt(template, 'metadata'), 'name') === backupTemplate;
  return (
    injectedClaimTemplates.find(isOurs) ??
    objectsAt(objectAt(workload.object, 'spec'), 'volumeClaimTemplates').find(isOurs)
  );
}

function newTemplate(context: EngineContext): Destination {
  const { backup, backupStorage, backupStorageClass } = context.workload.settings.values;
  const none = (reason: string): Destination => ({ kind: 'none', reason });

  if (backupStorage.kind === 'none')
    return none('postgres.io/backup-storage is "none" and there is no postgres.io/backup-claim');
  if (!backup) return none('postgres.io/backup is "off" and there is no postgres.io/backup-claim');
  if (context.operation === 'UPDATE') {
    return none(
      'claim templates of a StatefulSet cannot be changed; write postgres.io/backup-claim with an existing claim',
    );
  }

  const data = context.server.data.mount?.source;
  const template = data?.kind === 'claim-template' ? data : undefined;
  const wanted = backupStorage.kind === 'size' ? parseQuantity(backupStorage.quantity) : undefined;
  const dataSize = template?.storage === undefined ? undefined : parseQuantity(template.storage);
  const size = wanted ?? (dataSize === undefined ? undefined : dataSize * dataClaims);
  if (size === undefined) {
    return none(
      'how large the data volume is does not stand in this object; write postgres.io/backup-storage with a size',
    );
  }

  const storage = formatQuantity(size);
  const storageClass = backupStorageClass ?? template?.storageClass;
  return store(context, {
    volume: backupTemplate,
    volumes: [],
    claimTemplates: [claimTemplate(storage, storageClass)],
    description: `claim template ${backupTemplate}, ${storage}`,
  });
}

/** With everything that the apiserver would fill in, so that what is stored is what was rendered. */
function claimTemplate(storage: string, storageClass: string | undefined): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: backupTemplate },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage } },
      ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
      volumeMode: 'Filesystem',
    },
    status: { phase: 'Pending' },
  };
}
