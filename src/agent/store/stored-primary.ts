import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode, writeDurably } from './durable-file.ts';
import { readIdentity } from './identity.ts';
import { storeNames } from './layout.ts';

/**
 * PRIMARY.json: which pod archives here. In a store that all pods of a set share it is a second record of who is primary, which also a promotion by
 * hand leaves; in a store of the pod's own it names that pod.
 */
export interface StoredPrimary {
  /** Name of a pod. */
  readonly primary: string;
  /** Of its server when this was written. A newer one replaces it, an older one never. */
  readonly timeline: number;
  /** ISO 8601; for people. */
  readonly since: string;
  /** pg_control's system identifier in decimal. */
  readonly systemId: string;
}

/** Who the store has to belong to. */
export interface StoreOwner {
  readonly namespace: string;
  readonly set: string;
}

const schema = z.object({
  format: z.literal(1),
  primary: z.string().min(1),
  timeline: z.number().int().positive(),
  since: z.string(),
  systemId: z.string(),
});

/** A store that hangs (a network file system whose server is away) keeps nobody waiting for longer. */
const patienceMs = 2_000;

/** Reads that have not come back: one for each store, however often it is asked. */
const underWay = new Map<string, Promise<StoredPrimary | null>>();

/**
 * Null where there is none, where the store is not this set's, and where it cannot be read: a store that is broken is for the boot decision and
 * the page to say, and keeps no database down. The ConfigMap is the record then, as with stores that are not shared.
 */
export async function readStoredPrimary(root: string, owner: StoreOwner): Promise<StoredPrimary | null> {
  const reading = underWay.get(root) ?? read(root, owner);
  underWay.set(root, reading);
  void reading.finally(() => {
    if (underWay.get(root) === reading) underWay.delete(root);
  });
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<null>((resolve) => {
    timer = setTimeout(() => {
      resolve(null);
    }, patienceMs);
  });
  try {
    return await Promise.race([reading, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}

async function read(root: string, owner: StoreOwner): Promise<StoredPrimary | null> {
  try {
    const stored = await readFileOf(root);
    const reading = await readIdentity(root);
    return stored !== null &&
      reading.kind === 'present' &&
      reading.identity.namespace === owner.namespace &&
      reading.identity.set === owner.set &&
      reading.identity.systemId === stored.systemId
      ? stored
      : null;
  } catch {
    return null;
  }
}

/** For the message as well: who has to remove it finds it by that. */
export function primaryFile(root: string): string {
  return join(root, storeNames.primary);
}

export type NamingInStore =
  | { readonly kind: 'named' }
  /** Another pod is named, of this timeline or a newer one: nothing was written. */
  | { readonly kind: 'another'; readonly stored: StoredPrimary };

/**
 * Names the primary in its store, before it archives anything there.
 * @throws where the store cannot be read or written.
 */
export async function nameInStore(root: string, own: StoredPrimary): Promise<NamingInStore> {
  const stored = await readFileOf(root);
  if (stored !== null && stored.systemId === own.systemId && stored.timeline >= own.timeline) {
    return stored.primary === own.primary ? { kind: 'named' } : { kind: 'another', stored };
  }
  await writeDurably(primaryFile(root), `${JSON.stringify({ format: 1, ...own }, null, 2)}\n`);
  return { kind: 'named' };
}

/** Null where it is proven absent, or no record: only that is written over. @throws where it cannot be read. */
async function readFileOf(root: string): Promise<StoredPrimary | null> {
  let text: string;
  try {
    text = await readFile(primaryFile(root), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return null;
    }
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
