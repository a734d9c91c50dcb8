import { readImageVersion } from '../../workload/image-version.ts';
import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { listed, quoted } from '../shown-text.ts';

/**
 * Fields: image of the Postgres container.
 * Allowed: on UPDATE, images that keep data directory, owner and C library, such as postgres and pgvector of one major.
 */
export const imageFamilySwitch: Check = {
  id: 'image-family-switch',
  severity: 'deny',
  summary: 'The new image keeps its data elsewhere, as another user, or sorts text in another way.',
  because:
    'The server finds no data, or data of another owner; between Debian and Alpine the collation order changes, and indexes on text silently miss rows.',
  instead: 'An image of the same family; to change it, fill a new set by pg_dump.',
  coversLeftAlone: true,
  examineChange({ before, after }) {
    if (before.server === undefined || after.server === undefined) return noObservations;
    const differences = differencesOf(before.server, after.server);
    if (differences.length === 0) return noObservations;
    return [
      {
        field: containerField(after.server.name, 'image'),
        message: `image ${quoted(after.server.image?.text ?? '')} differs from ${quoted(before.server.image?.text ?? '')} in ${listed(differences)}; wanted the same family. Put the image back, or fill a new set by pg_dump.`,
      },
    ];
  },
};

function differencesOf(was: ServerContainer, is: ServerContainer): readonly string[] {
  const [old, now] = [was.family, is.family];
  if (old.id === now.id) return [];
  const isOwnerLeftToImage = is.security.runAsUser === undefined && !old.ownerIsAGuess && !now.ownerIsAGuess;
  const isPlaceLeftToImage = was.data.from === 'image-family' && is.data.from === 'image-family';
  return [
    ...(isPlaceLeftToImage && old.dataDirectory(was.major) !== now.dataDirectory(was.major) ? ['PGDATA'] : []),
    ...(isOwnerLeftToImage && old.uid !== now.uid ? [`owner (uid ${old.uid}, ${now.uid})`] : []),
    ...(isOnAlpine(was) !== isOnAlpine(is) && old.id !== 'unknown' && now.id !== 'unknown'
      ? ['C library (Debian, Alpine)']
      : []),
    ...(old.treatment !== now.treatment ? ['start scripts'] : []),
  ];
}

/** musl and glibc sort text differently, so an index made with one is broken under the other. */
function isOnAlpine({ image, family }: ServerContainer): boolean {
  return readImageVersion(image, family).operatingSystem?.startsWith('alpine') === true;
}
