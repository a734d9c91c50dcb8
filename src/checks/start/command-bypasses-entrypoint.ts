import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations, runsAlready } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { programName } from './handler-commands.ts';

/**
 * Fields: command of the Postgres container, runAsUser and runAsNonRoot.
 * Allowed: the image's entrypoint; `postgres` itself as a user that is not root, or behind a program that steps down. What the
 * entrypoint would initialise, pgusher-initdb does.
 */
export const commandBypassesEntrypoint: Check = {
  id: 'command-bypasses-entrypoint',
  severity: 'deny',
  summary: 'The command starts the server as root.',
  because:
    'The image starts as root and its entrypoint steps down to the user postgres; the server itself refuses to run as root, so the pod never starts.',
  instead: 'args in place of command, so that the entrypoint runs; or runAsUser.',
  examine({ server }, surroundings) {
    if (server?.start.kind !== 'direct' || !server.start.bypassesEntrypoint || !startsAsRoot(server))
      return noObservations;
    if (server.command.some((word) => steppingDown.includes(programName(word)))) return noObservations;
    return [
      {
        field: containerField(server.name, 'command'),
        message: `the command starts the server past the entrypoint, as root; wanted a user. Rename command to args, or write runAsUser: ${server.family.uid}.`,
        ...(runsAlready(surroundings) ? { severity: 'warn' } : {}),
      },
    ];
  },
};

const steppingDown = ['gosu', 'su-exec', 'setpriv', 'runuser', 'su', 'sudo', 'chpst', 's6-setuidgid'];

/** Of images that are not known nobody knows. */
export function startsAsRoot({ family, security }: ServerContainer): boolean {
  if (security.runAsUser !== undefined) return security.runAsUser === 0;
  return family.id !== 'unknown' && family.startsAsRoot && !security.runAsNonRoot;
}
