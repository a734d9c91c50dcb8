import { readImageVersion } from '../../workload/image-version.ts';
import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: image of the Postgres container.
 * Allowed: on UPDATE, the same Debian release, named as before: a tag without it follows docker-library's default, which moves
 * (docker-library/postgres#1356). Debian against Alpine is `image-family-switch`.
 */
export const imageOsSwitch: Check = {
  id: 'image-os-switch',
  severity: 'warn',
  summary: 'The operating system of the image changes under existing data.',
  because:
    'Another release of the C library may sort text in another order: indexes on text silently miss rows, and unique ones let duplicates in.',
  instead:
    'The old operating system; or the new one, and then REINDEX DATABASE and ALTER DATABASE ... REFRESH COLLATION VERSION.',
  coversLeftAlone: true,
  examineChange({ before, after }) {
    if (after.server === undefined || before.server?.image?.text === after.server.image?.text) return noObservations;
    const was = debianOf(before.server);
    const is = debianOf(after.server);
    if (was === undefined || was === is) return noObservations;
    const field = containerField(after.server.name, 'image');
    if (is !== undefined) {
      return [
        {
          field,
          message: `the image moves from ${was} to ${is}; wanted ${was}, or REINDEX DATABASE after the change.`,
        },
      ];
    }
    // Another family, Alpine and a digest alone are other checks'.
    const tag = after.server.image?.tag;
    if (tag === undefined || isOnAlpine(after.server) || before.server?.family.id !== after.server.family.id)
      return noObservations;
    return [
      {
        field,
        message: `tag ${quoted(tag)} no longer says ${was}, so another system may be under it; wanted it named. Write it, or REINDEX DATABASE where the server warns of a collation version mismatch.`,
      },
    ];
  },
};

function debianOf(server: ServerContainer | undefined): string | undefined {
  if (server === undefined || isOnAlpine(server)) return undefined;
  return readImageVersion(server.image, server.family).operatingSystem;
}

function isOnAlpine({ image, family }: ServerContainer): boolean {
  return readImageVersion(image, family).operatingSystem?.startsWith('alpine') === true;
}
