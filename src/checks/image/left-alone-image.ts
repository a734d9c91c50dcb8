import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: image of the Postgres container.
 * Allowed: images that leave restore and roles to others. Spilo, Crunchy and Bitnami images bring a supervisor of their own.
 */
export const leftAloneImage: Check = {
  id: 'left-alone-image',
  severity: 'warn',
  summary: 'The image restores, promotes and stops Postgres by itself, so nothing is injected.',
  because: 'Two systems that decide about one data directory destroy it. The label protects nothing here.',
  instead: 'The stock `postgres` image, or the backups of the image and no label.',
  coversLeftAlone: true,
  examine({ server }) {
    if (server?.family.treatment !== 'left-alone') return noObservations;
    return [
      {
        field: containerField(server.name, 'image'),
        message: `nothing is injected: image ${quoted(server.image?.text ?? '')} manages Postgres itself; wanted one such as postgres:17.6-bookworm.`,
      },
    ];
  },
};
