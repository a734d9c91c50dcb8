import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations, runsAlready } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { programName } from './handler-commands.ts';

/**
 * Fields: command of the Postgres container and what its script starts, runAsUser and runAsNonRoot.
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
    if (server === undefined) return noObservations;
    const { start } = server;
    if (start.kind !== 'direct' && start.kind !== 'shell') return noObservations;
    if (!start.bypassesEntrypoint || !startsAsRoot(server) || stepsDown(server)) return noObservations;
    const [what, instead] =
      start.kind === 'direct'
        ? ['command', 'Rename command to args']
        : ['script', 'Write exec docker-entrypoint.sh postgres in place of postgres'];
    return [
      {
        field: containerField(server.name, 'command'),
        message: `the ${what} starts the server past the entrypoint, as root; wanted a user. ${instead}, or write runAsUser: ${server.family.uid}.`,
        ...(runsAlready(surroundings) ? { severity: 'warn' } : {}),
      },
    ];
  },
};

/** A script is read generously: the word anywhere in it. */
function stepsDown({ command, args, start }: ServerContainer): boolean {
  const words = start.kind === 'shell' ? start.script.split(/[^A-Za-z0-9_./-]+/) : [...command, ...args];
  return words.some((word) => steppingDown.includes(programName(word)));
}

const steppingDown = ['gosu', 'su-exec', 'setpriv', 'runuser', 'su', 'sudo', 'chpst', 's6-setuidgid'];

/** Of images that are not known nobody knows. */
export function startsAsRoot({ family, security }: ServerContainer): boolean {
  if (security.runAsUser !== undefined) return security.runAsUser === 0;
  return family.id !== 'unknown' && family.startsAsRoot && !security.runAsNonRoot;
}
