import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: image of the Postgres container, postgres.io/version.
 * Allowed: a tag beside the digest, or postgres.io/version.
 */
export const imageDigestOnly: Check = {
  id: 'image-digest-only',
  severity: 'deny',
  summary: 'The image is a digest alone, which does not tell the major version.',
  because:
    'Where PGDATA is and which tools fit depends on the major version, and a change of it could not be refused: nobody would see it.',
  instead: 'The tag beside the digest (postgres:17.6-bookworm@sha256:...), or `postgres.io/version`.',
  noEscape: '`postgres.io/version` is the way out.',
  neverRatcheted: true,
  examine({ server }) {
    const image = server?.image;
    if (image?.digest === undefined || image.tag !== undefined || server?.major !== undefined) return noObservations;
    return [
      {
        field: containerField(server?.name ?? '', 'image'),
        message: `image ${quoted(image.text)} is a digest alone; wanted its major version. Write the tag before the @, or postgres.io/version: "17".`,
      },
    ];
  },
};
