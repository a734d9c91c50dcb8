import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';
import { imageText } from './image-unknown.ts';
import { isFilledOtherwise } from '../start/password-missing.ts';

/**
 * Fields: image, command and args of the Postgres container. On CREATE of a set that is initialised, its ENTRYPOINT too.
 * Allowed: images whose own ENTRYPOINT and CMD are known (the stock image and its mirrors, PostGIS, pgvector, TimescaleDB, Supabase,
 * Immich, Apache AGE); any image whose command is written down, since then that is what it is initialised and started with; where nothing is
 * initialised, args alone.
 */
export const imageCommandUnknown: Check = {
  id: 'image-command-unknown',
  severity: 'deny',
  summary: 'What the image starts Postgres with is not known, and would be replaced.',
  because:
    'args in a pod replace the CMD of the image. Where that has arguments, as images with extensions do (a config_file, shared_preload_libraries), the server would start without them: without the libraries that its tables and indexes need. And pgusher-initdb replaces the ENTRYPOINT: what a wrapper prepares would be missing in the new database.',
  instead: 'ENTRYPOINT and CMD of the image written down as command and args; ours are put behind them.',
  examine(workload, { operation }) {
    const { server } = workload;
    if (server === undefined || server.family.treatment === 'left-alone') return noObservations;
    if (server.family.startArguments !== undefined || server.command.length > 0) return noObservations;
    // What is not the name of an image yet was asked for as such (image-unknown).
    if (server.image === undefined && server.major === undefined) return noObservations;
    const image = quoted(imageText(server));
    const isInitialised = operation === 'CREATE' && !isFilledOtherwise(workload);
    if (server.args.length > 0) {
      if (!isInitialised) return noObservations;
      return [
        {
          field: containerField(server.name, 'command'),
          message: `the ENTRYPOINT of image ${image} is not known, and pgusher-initdb would replace it; wanted it written down. Write what docker inspect shows as Entrypoint, such as command: [docker-entrypoint.sh].`,
        },
      ];
    }
    return [
      {
        field: containerField(server.name, 'args'),
        message: isInitialised
          ? `neither ENTRYPOINT nor CMD of image ${image} is known, and ours would replace them; wanted both written down. Write what docker inspect shows as Entrypoint and Cmd, such as command: [docker-entrypoint.sh] and args: [postgres].`
          : `the CMD of image ${image} is not known, and args of ours would replace it; wanted it written down. Write what docker inspect shows as Cmd, such as args: [postgres].`,
      },
    ];
  },
};
