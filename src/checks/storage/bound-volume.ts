import type { ClusterFacts, PersistentVolumeFact } from '../../workload/cluster-facts.ts';
import { objectAt, textAt } from '../../workload/json.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { parseQuantity } from '../../workload/quantity.ts';
import { claimTemplateField, volumeField } from '../field-path.ts';

export interface BoundVolume {
  readonly field: string;
  readonly volume: PersistentVolumeFact;
}

interface Asked {
  readonly volumeName: string | undefined;
  readonly storageClass: string | undefined;
  readonly accessModes: readonly string[];
  readonly storage: string | undefined;
}

/**
 * The PersistentVolume in the same files that the claim under PGDATA is bound to: it names the claim, the claim names it, or it is what the
 * claim asks for, which is taken before a provisioner is asked (Kubernetes documentation, "Persistent Volumes", Binding).
 */
export function boundVolume(
  { server, name, namespace }: PostgresWorkload,
  { persistentVolumes, claims }: ClusterFacts,
): BoundVolume | undefined {
  const known = persistentVolumes.within('');
  const mount = server?.data.mount;
  // In the webhook none is known.
  if (known.length === 0 || mount === undefined) return undefined;
  const { source } = mount;
  if (source.kind === 'claim-template') {
    const asked = { ...source, volumeName: textAt(objectAt(source.template, 'spec'), 'volumeName') };
    const prefix = `${namespace}/${mount.name}-${name}-`;
    const volume = known.find((one) => isBound(one, asked, (claim) => claim.startsWith(prefix)));
    return volume === undefined ? undefined : { field: claimTemplateField(mount.name), volume };
  }
  if (source.kind !== 'claim') return undefined;
  const found = claims.find(namespace, source.claimName);
  const asked = found.kind === 'present' ? found.fact : undefined;
  const volume = known.find((one) => isBound(one, asked, (claim) => claim === `${namespace}/${source.claimName}`));
  return volume === undefined ? undefined : { field: volumeField(mount.name), volume };
}

function isBound(volume: PersistentVolumeFact, asked: Asked | undefined, isOurs: (claim: string) => boolean): boolean {
  if (volume.claim !== undefined) return isOurs(volume.claim);
  if (asked === undefined) return false;
  if (asked.volumeName !== undefined && asked.volumeName !== '') return asked.volumeName === volume.name;
  // Without a class the claim gets the cluster's, which is not known.
  if (asked.storageClass === undefined || asked.storageClass !== volume.storageClass) return false;
  const [has, wants] = [parseQuantity(volume.storage ?? ''), parseQuantity(asked.storage ?? '')];
  const isLarge = has === undefined || wants === undefined || has >= wants;
  return isLarge && asked.accessModes.every((mode) => volume.accessModes.includes(mode));
}
