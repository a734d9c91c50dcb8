import { readImageVersion } from '../../workload/image-version.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';
import { prereleaseOf } from './image-prerelease.ts';

/**
 * Fields: image of the Postgres container.
 * Allowed: a tag with a minor version, or a digest. Of images that are not known nothing can be said.
 */
export const imageMajorOnly: Check = {
  id: 'image-major-only',
  severity: 'warn',
  summary: 'The tag of the image leaves minor version and operating system open.',
  because:
    'The operating system changes under such a tag (docker-library/postgres#1099, #1356): with another C library text sorts in another order, and indexes silently miss rows.',
  instead: 'A tag with minor version and operating system, such as postgres:17.6-bookworm, or a digest.',
  examine({ server }) {
    const image = server?.image;
    if (server === undefined || image?.tag === undefined || image.tag === 'latest') return noObservations;
    if (server.family.id === 'unknown' || server.major === undefined) return noObservations;
    // `19rc1` is one build, and has a finding of its own.
    if (prereleaseOf(server) !== undefined) return noObservations;
    const { pinnedTo } = readImageVersion(image, server.family);
    if (pinnedTo === 'digest' || pinnedTo === 'minor') return noObservations;
    return [
      {
        field: containerField(server.name, 'image'),
        message: `image ${quoted(image.text)} moves with each release; wanted minor version and system, or a digest. Write the minor version into the tag, or add @sha256:<digest>.`,
      },
    ];
  },
};
