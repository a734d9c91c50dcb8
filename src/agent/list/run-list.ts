import { storeLimits } from '../../store/object/limits.ts';
import { setPlace } from '../offsite/set-place.ts';
import type { Print } from '../print.ts';
import type { StorePlace } from '../store/store-place.ts';
import { directoryStore } from './directory-store.ts';
import { listBackups, listingText } from './list-backups.ts';
import type { Listing } from './list-backups.ts';
import { placeStore } from './place-store.ts';

/**
 * `pgusher-agent list [--json]`: what could be restored.
 * @returns the exit code: 0 listed, 1 the store cannot be read.
 */
export async function runList(
  options: {
    readonly from: StorePlace;
    readonly environment: NodeJS.ProcessEnv;
    readonly json: boolean;
    readonly now: Date;
  },
  print: Print,
): Promise<number> {
  try {
    const listing = await listingOf(options.from, options.environment);
    print.out(options.json ? JSON.stringify(listing, null, 2) : listingText(listing, options.now).trimEnd());
    return 0;
  } catch (error) {
    print.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

/** A person waits for it: what a moment does not cure is told soon. */
async function listingOf(from: StorePlace, environment: NodeJS.ProcessEnv): Promise<Listing> {
  if ('root' in from) {
    return listBackups(directoryStore(from.root));
  }
  const { openPlace } = await import('../../store/object/open-place.ts');
  const opened = await openPlace(from.address, environment, { ...storeLimits, budgetMs: 10_000 });
  const place = setPlace(opened, `${from.prefix}/`, () => undefined);
  try {
    return await listBackups(placeStore(place));
  } finally {
    place.close();
  }
}
