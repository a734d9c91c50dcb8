import { readImageVersion } from '../../workload/image-version.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: image of the Postgres container.
 * Allowed: on UPDATE, the same minor version or a newer one of the same major. Minor releases keep the storage format, so the
 * older one starts (PostgreSQL manual 18.6).
 */
export const imageMinorDowngrade: Check = {
  id: 'image-minor-downgrade',
  severity: 'warn',
  summary: 'The image is of an older minor version than before.',
  because:
    'Bugs that were mended come back, among them such that corrupt indexes or lose rows; and what a newer version wrote to mend them may not be understood.',
  instead: 'The newer one; release notes say what to do where that one is at fault.',
  coversLeftAlone: true,
  examineChange({ before, after }) {
    if (before.server === undefined || after.server === undefined) return noObservations;
    const was = readImageVersion(before.server.image, before.server.family);
    const is = readImageVersion(after.server.image, after.server.family);
    if (was.major === undefined || was.major !== is.major || before.server.family !== after.server.family)
      return noObservations;
    if (was.minor === undefined || is.minor === undefined || is.minor >= was.minor) return noObservations;
    return [
      {
        field: containerField(after.server.name, 'image'),
        message: `image ${quoted(after.server.image?.text ?? '')} is older than ${was.major}.${was.minor}; wanted ${was.major}.${was.minor} or newer. Put the image back.`,
      },
    ];
  },
};
