import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { printable, quoted } from '../shown-text.ts';

/**
 * Fields: image, env, command, args and volumeMounts of the Postgres container; command and args of those beside it.
 * Allowed: a server that leaves restore and roles to others. Spilo, Crunchy and Bitnami images bring a supervisor of their own, Red Hat's a script that moves and
 * upgrades the data, and so does whoever runs Patroni, Stolon, repmgr or pg_auto_failover, whatever the image is called.
 */
export const leftAloneImage: Check = {
  id: 'left-alone-image',
  severity: 'warn',
  summary: 'Something else restores, promotes and stops Postgres, so nothing is injected.',
  because: 'Two systems that decide about one data directory destroy it. The label protects nothing here.',
  instead: 'The stock `postgres` image, or the backups of the image and no label.',
  coversLeftAlone: true,
  examine({ server }) {
    if (server?.family.treatment !== 'left-alone') return noObservations;
    return [
      {
        field: containerField(server.name, 'image'),
        message: `nothing is injected: ${whoManages(server)}; wanted a plain server, such as postgres:17.6-bookworm.`,
      },
    ];
  },
};

function whoManages({ image, manager }: ServerContainer): string {
  return manager === undefined
    ? `image ${quoted(image?.text ?? '')} manages Postgres itself`
    : `${manager.name} (${printable(manager.sign)}) manages Postgres`;
}
