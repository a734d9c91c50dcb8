import { containerIdentity } from '../../injections/container-identity.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField, podSpecField } from '../field-path.ts';

/**
 * Fields: securityContext.runAsUser of container and pod before and after, the uid of the image's user.
 * Allowed: on UPDATE, the uid that the data belongs to; or root, from which the entrypoint hands the data over. A uid that only the
 * image knows is not compared; another one of the image is `image-family-switch`.
 */
export const uidMismatch: Check = {
  id: 'uid-mismatch',
  severity: 'deny',
  summary: 'Postgres would run as another user than the data belongs to.',
  because:
    'PostgreSQL does not start on a directory of another owner ("data directory has wrong ownership"), and fsGroup changes the group alone: the database stays down.',
  instead: 'The uid from before; or chown by hand first, and the escape with the reason.',
  examineChange({ before, after }) {
    const was = ownerOf(before);
    const is = after.server?.security.runAsUser ?? 0;
    if (after.server === undefined || was === undefined || is === 0 || is === was) return noObservations;
    const isOwn = Object.hasOwn(after.server.security.container, 'runAsUser');
    return [
      {
        field: isOwn
          ? containerField(after.server.name, 'securityContext.runAsUser')
          : `${podSpecField}.securityContext.runAsUser`,
        message: `Postgres would run as uid ${is}, and the data belongs to ${was}; wanted ${was}. Write runAsUser: ${was}.`,
        // An image of one's own under a name that is known may have another uid.
        ...(isSaid(before) ? {} : { severity: 'warn' }),
      },
    ];
  },
};

/** undefined where only the image knows it. */
function ownerOf({ server, settings }: PostgresWorkload): number | undefined {
  if (server === undefined) return undefined;
  const identity = containerIdentity(server, settings.values);
  if (!isSaid({ server, settings }) && server.family.ownerIsAGuess) return undefined;
  return identity.kind === 'root' ? identity.owner.uid : identity.uid;
}

function isSaid({ server, settings }: Pick<PostgresWorkload, 'server' | 'settings'>): boolean {
  return (server?.security.runAsUser ?? 0) !== 0 || settings.values.runAs !== undefined;
}
