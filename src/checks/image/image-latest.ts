import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: image of the Postgres container.
 * Allowed: a tag that names a version, or a digest.
 */
export const imageLatest: Check = {
  id: 'image-latest',
  severity: 'deny',
  summary: 'The image has no tag, or the tag `latest`.',
  because:
    'A pod that moves to another node pulls whatever is newest by then. The next major refuses to start on the old data, at three in the morning, with nobody having changed anything.',
  instead: 'A tag with minor version and operating system, such as postgres:17.6-bookworm.',
  examine({ server }) {
    const image = server?.image;
    if (server === undefined || image === undefined || image.digest !== undefined) return noObservations;
    if (image.tag !== undefined && image.tag !== 'latest') return noObservations;
    return [
      {
        field: containerField(server.name, 'image'),
        message: `image ${quoted(image.text)} has ${image.tag === undefined ? 'no tag' : 'the tag latest'}; wanted a version. Write a tag such as 17.6-bookworm.`,
      },
    ];
  },
};
