import { parseIdentity } from '../store/identity.ts';
import { storeNames } from '../store/layout.ts';
import type { BaseBackupRecord, StoreIdentity } from '../store/layout.ts';
import type { BucketInventory } from './bucket-inventory.ts';
import { backupsIn, readBucketInventory, walIn } from './bucket-inventory.ts';
import { PlaceTrouble } from './place-trouble.ts';
import type { SetPlace } from './set-place.ts';
import { readSmallObject } from './small-object.ts';

/** What is known of an off-site copy at the start of a pod; as of a store, everything that was not proven is UNKNOWN. */
export type BucketState =
  | {
      readonly kind: 'BACKUPS';
      readonly identity: StoreIdentity;
      readonly systemId: string;
      /** Oldest first. */
      readonly backups: readonly BaseBackupRecord[];
      readonly inventory: BucketInventory;
    }
  /** This set's, with a system or WAL and no complete base backup. */
  | {
      readonly kind: 'CLAIMED';
      readonly identity: StoreIdentity;
      readonly systemId: string;
      readonly inventory: BucketInventory;
      readonly found: string;
    }
  /** Nothing of anybody; `identity`: this set's own claim, whose first start never got as far as a database. */
  | { readonly kind: 'EMPTY'; readonly identity: StoreIdentity | null }
  | { readonly kind: 'OTHER'; readonly identity: StoreIdentity }
  /** `mayPass`: the same question may be answered a moment later. */
  | { readonly kind: 'UNKNOWN'; readonly reason: string; readonly mayPass: boolean };

export async function readBucketState(
  place: SetPlace,
  owner: { readonly namespace: string; readonly set: string },
  signal?: AbortSignal,
): Promise<BucketState> {
  try {
    return await readState(place, owner, signal);
  } catch (error) {
    if (error instanceof PlaceTrouble) {
      return { kind: 'UNKNOWN', reason: error.message, mayPass: error.mayPass };
    }
    return { kind: 'UNKNOWN', reason: error instanceof Error ? error.message : String(error), mayPass: false };
  }
}

async function readState(
  place: SetPlace,
  owner: { readonly namespace: string; readonly set: string },
  signal: AbortSignal | undefined,
): Promise<BucketState> {
  const found = await readSmallObject(place, storeNames.identity, signal);
  if (found === undefined) {
    // The key was named as missing; that nothing else is there either must be seen too.
    const listed = await place.list('', signal);
    if (listed.outcome !== 'listed') {
      throw new PlaceTrouble(listed);
    }
    const [first] = listed.objects;
    return first === undefined
      ? { kind: 'EMPTY', identity: null }
      : unknown(`it holds ${listed.objects.length} objects (${first.key} …) but no ${storeNames.identity}`);
  }
  const reading = parseIdentity(found.text, `its ${storeNames.identity}`);
  if (reading.kind === 'unreadable') {
    return unknown(reading.reason);
  }
  const { identity } = reading;
  if (identity.namespace !== owner.namespace || identity.set !== owner.set) {
    return { kind: 'OTHER', identity };
  }
  const inventory = await readBucketInventory(place, new Map([[storeNames.identity, found.text]]), signal);
  const systems = [...new Set([...inventory.files.keys()].map((key) => key.split('/')[0] ?? ''))].filter((name) =>
    /^\d+$/.test(name),
  );
  const systemId = identity.systemId ?? (systems.length === 1 ? (systems[0] ?? null) : null);
  if (systemId === null) {
    return systems.length === 0
      ? { kind: 'EMPTY', identity }
      : unknown(`it holds several systems (${systems.join(', ')}) and does not say which is its own`);
  }
  const { complete, damaged } = backupsIn(inventory, systemId);
  if (complete.length > 0) {
    return { kind: 'BACKUPS', identity, systemId, backups: complete, inventory };
  }
  const { segments, partial } = walIn(inventory.files.keys(), systemId);
  const count = [...segments.values(), ...partial.values()].reduce((sum, names) => sum + names.size, 0);
  const bad = damaged.map(({ id, reason }) => `${id} (${reason})`).join(', ');
  return {
    kind: 'CLAIMED',
    identity,
    systemId,
    inventory,
    found: `system ${systemId}, ${count} WAL segments${bad === '' ? '' : `, damaged base backups: ${bad}`}`,
  };
}

/**
 * What lies in a copy that somebody emptied while an agent went on sending: WAL of one system alone, without an owner and without a base backup.
 * Undefined: it is anything else. @throws PlaceTrouble
 */
export async function readOwnerless(
  place: SetPlace,
  systemId: string,
  signal?: AbortSignal,
): Promise<BucketInventory | undefined> {
  if ((await readSmallObject(place, storeNames.identity, signal)) !== undefined) {
    return undefined;
  }
  const inventory = await readBucketInventory(place, new Map(), signal);
  const isOwn = [...inventory.files.keys()].every(
    (key) => key.startsWith(`${systemId}/`) && !key.endsWith(`/${storeNames.done}`),
  );
  return isOwn ? inventory : undefined;
}

function unknown(reason: string): BucketState {
  return { kind: 'UNKNOWN', reason, mayPass: false };
}
