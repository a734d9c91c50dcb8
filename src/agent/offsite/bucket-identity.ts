import { identityText, parseIdentity } from '../store/identity.ts';
import { storeNames } from '../store/layout.ts';
import type { StoreIdentity } from '../store/layout.ts';
import { PlaceTrouble } from './place-trouble.ts';
import type { SetPlace } from './set-place.ts';
import { readSmallObject } from './small-object.ts';

export type BucketOwner =
  | { readonly kind: 'ours' }
  /** Somebody else's, or it does not say whose; the sentence is for a person. */
  | { readonly kind: 'not-ours'; readonly reason: string };

/**
 * Makes the copy that of this store: writes STORE.json where there is none (of several that do, one wins), learns the system where the
 * claim has learned it, and touches nothing of another store.
 * @throws PlaceTrouble
 */
export async function claimBucket(
  place: SetPlace,
  identity: StoreIdentity,
  signal?: AbortSignal,
): Promise<BucketOwner> {
  const text = identityText(identity);
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const found = await readSmallObject(place, storeNames.identity, signal);
    if (found === undefined) {
      const strangers = await systemsWithoutOwner(place, identity, signal);
      if (strangers !== null) {
        return { kind: 'not-ours', reason: strangers };
      }
      const put = await place.putIfAbsent(storeNames.identity, Buffer.from(text), signal);
      if (put.outcome === 'stored') {
        return { kind: 'ours' };
      }
      if (put.outcome !== 'exists') {
        throw new PlaceTrouble(put);
      }
      continue;
    }
    const reading = parseIdentity(found.text, `${storeNames.identity} of the off-site copy ${place.name}`);
    if (reading.kind === 'unreadable') {
      return { kind: 'not-ours', reason: `${reading.reason}; wanted the one that pgusher wrote` };
    }
    const difference = differs(place.name, reading.identity, identity);
    if (difference !== null) {
      return { kind: 'not-ours', reason: difference };
    }
    if (found.text === text || identity.systemId === null) {
      return { kind: 'ours' };
    }
    const replaced = await place.replaceIfUnchanged(storeNames.identity, Buffer.from(text), found.version, signal);
    if (replaced.outcome === 'stored') {
      return { kind: 'ours' };
    }
    if (replaced.outcome !== 'changed') {
      throw new PlaceTrouble(replaced);
    }
  }
  return {
    kind: 'not-ours',
    reason: `${storeNames.identity} of the off-site copy ${place.name} is written by others all the time; wanted one set in it`,
  };
}

/** Why two identities are not of one store; null: they are. */
export function differs(name: string, bucket: StoreIdentity, claim: StoreIdentity): string | null {
  const isSame =
    bucket.id === claim.id &&
    bucket.namespace === claim.namespace &&
    bucket.set === claim.set &&
    (bucket.systemId === null || claim.systemId === null || bucket.systemId === claim.systemId);
  return isSame
    ? null
    : `the off-site copy ${name} is of store ${identityName(bucket)}, the claim for backups is store ${identityName(claim)}. ` +
        'Wanted: one store in both. Give this set another prefix or bucket in postgres.io/backup-store, or bring back the claim that the copy is of';
}

function identityName({ id, namespace, set, systemId }: StoreIdentity): string {
  return `${id} (${namespace}/${set}, ${systemId === null ? 'no system yet' : `system ${systemId}`})`;
}

/** STORE.json may have been deleted by somebody; what lies there must then be of the same system. */
async function systemsWithoutOwner(
  place: SetPlace,
  identity: StoreIdentity,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const listed = await place.list('', signal);
  if (listed.outcome !== 'listed') {
    throw new PlaceTrouble(listed);
  }
  const others = new Set(
    listed.objects.map(({ key }) => key.split('/')[0] ?? '').filter((name) => name !== identity.systemId),
  );
  others.delete(storeNames.identity);
  others.delete(storeNames.restores);
  return others.size === 0
    ? null
    : `the off-site copy ${place.name} holds ${[...others].slice(0, 3).join(', ')} but no ${storeNames.identity} that says whose that is; wanted an empty place, or ${storeNames.identity} back. Give this set another prefix in postgres.io/backup-store`;
}
