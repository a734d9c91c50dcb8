import type { Print } from '../print.ts';
import { listBackups, listingText } from './list-backups.ts';

/**
 * `pgusher-agent list [--json]`: what could be restored.
 * @param root `<mount>/<prefix>`
 * @returns the exit code: 0 listed, 1 the store cannot be read.
 */
export async function runList(
  options: { readonly root: string; readonly json: boolean; readonly now: Date },
  print: Print,
): Promise<number> {
  try {
    const listing = await listBackups(options.root);
    print.out(options.json ? JSON.stringify(listing, null, 2) : listingText(listing, options.now).trimEnd());
    return 0;
  } catch (error) {
    print.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}
