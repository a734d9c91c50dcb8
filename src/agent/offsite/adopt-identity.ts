import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentContext } from '../backup/session.ts';
import { messageOf } from '../backup/status-report.ts';
import { writeDurably } from '../store/durable-file.ts';
import { identityText, parseIdentity } from '../store/identity.ts';
import { storeNames } from '../store/layout.ts';
import type { StoreIdentity } from '../store/layout.ts';
import { folderOfSet, setPlace } from './set-place.ts';
import { readSmallObject } from './small-object.ts';

/** What is written to the claim does not wait for a place that does not answer. */
const patienceMs = 15_000;

/**
 * For a claim that is new under a database which is not (it was lost alone, or it is that of a standby that was promoted): where the off-site
 * copy is of this very database, the claim is of the same store from now on. Else the copy would take it for a stranger's.
 * Undefined: the copy is of nobody, of another database, or cannot be asked now.
 */
export async function adoptIdentity(
  { contract, edges }: AgentContext,
  root: string,
  systemId: string,
): Promise<StoreIdentity | undefined> {
  if (contract.offsite === undefined) {
    return undefined;
  }
  try {
    const place = await edges.openPlace(contract.offsite.address, edges.environment);
    try {
      const own = setPlace(place, folderOfSet(contract), () => undefined);
      const found = await readSmallObject(own, storeNames.identity, AbortSignal.timeout(patienceMs));
      const reading = found === undefined ? undefined : parseIdentity(found.text, storeNames.identity);
      if (
        reading?.kind !== 'present' ||
        reading.identity.systemId !== systemId ||
        reading.identity.namespace !== contract.namespace ||
        reading.identity.set !== contract.set
      ) {
        return undefined;
      }
      await mkdir(root, { recursive: true, mode: 0o700 });
      await writeDurably(join(root, storeNames.identity), identityText(reading.identity));
      edges.log.info(
        { store: reading.identity.id },
        `the claim for backups is new: it goes on as the store of ${place.name}`,
      );
      return reading.identity;
    } finally {
      place.close();
    }
  } catch (error) {
    edges.log.warn(`whether the off-site copy is of this database could not be asked: ${messageOf(error)}`);
    return undefined;
  }
}
