import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: image, command and args of the Postgres container.
 * Allowed: images whose own CMD is known (the stock image and its mirrors, PostGIS, pgvector, TimescaleDB, Supabase, Immich, Apache AGE); any
 * image whose command or args are written down, since then they are what it is started with.
 */
export const imageCommandUnknown: Check = {
  id: 'image-command-unknown',
  severity: 'deny',
  summary: 'What the image starts Postgres with is not known, and would be replaced.',
  because:
    'args in a pod replace the CMD of the image. Where that has arguments, as images with extensions do (a config_file, shared_preload_libraries), the server would start without them: without the libraries that its tables and indexes need.',
  instead: 'The CMD of the image written down as args; ours are put behind it.',
  examine({ server }) {
    if (server === undefined || server.family.treatment === 'left-alone') return noObservations;
    if (server.family.startArguments !== undefined || server.command.length + server.args.length > 0)
      return noObservations;
    return [
      {
        field: containerField(server.name, 'args'),
        message: `the CMD of image ${quoted(server.image?.text ?? '')} is not known, and args of ours would replace it; wanted it written down. Write args: [postgres], or all of it where docker inspect shows more.`,
      },
    ];
  },
};
