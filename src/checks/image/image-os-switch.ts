import { readImageVersion } from '../../workload/image-version.ts';
import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';

/**
 * Fields: image of the Postgres container.
 * Allowed: on UPDATE, the same Debian release. Debian against Alpine is `image-family-switch`.
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
    if (was === undefined || is === undefined || was === is) return noObservations;
    return [
      {
        field: containerField(after.server.name, 'image'),
        message: `the image moves from ${was} to ${is}; wanted ${was}, or REINDEX DATABASE after the change.`,
      },
    ];
  },
};

function debianOf(server: ServerContainer | undefined): string | undefined {
  if (server === undefined) return undefined;
  const { operatingSystem } = readImageVersion(server.image, server.family);
  return operatingSystem?.startsWith('alpine') === true ? undefined : operatingSystem;
}
