import { objectAt, textsAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { startsAsRoot } from '../start/command-bypasses-entrypoint.ts';

/**
 * Fields: securityContext.capabilities, runAsUser and runAsNonRoot of the Postgres container; postgres.io/pre-stop.
 * Allowed: a container that runs as the server's user, or that may signal other users' processes. Of images that are not known
 * nobody knows whether they start as root.
 */
export const capKillDropped: Check = {
  id: 'cap-kill-dropped',
  severity: 'warn',
  summary: 'Hooks of the container run as root, and may not signal the server.',
  because:
    "Root without CAP_KILL may not signal another user's process: the hook for a clean stop has to become the server's user first, and where the image has nothing for that, or may not (CAP_SETUID, CAP_SETGID), the server is told to stop only after the hook, by the kubelet.",
  instead: "runAsUser with the server's user, or KILL kept.",
  examine({ server, settings }) {
    if (server === undefined || !settings.values.preStop || server.security.privileged) return noObservations;
    if (!startsAsRoot(server)) return noObservations;
    const capabilities = objectAt(server.security.container, 'capabilities');
    const dropped = namesOf(capabilities, 'drop').find((name) => name === 'ALL' || name === 'KILL');
    const isAdded = namesOf(capabilities, 'add').some((name) => name === 'ALL' || name === 'KILL');
    if (dropped === undefined || isAdded) return noObservations;
    return [
      {
        field: containerField(server.name, 'securityContext.capabilities'),
        message: `the container starts as root and drops ${dropped}, so that its hook may not signal the server; wanted runAsUser: ${server.family.uid}, or CAP_KILL. Write capabilities.add: [KILL] where it has to be root.`,
      },
    ];
  },
};

/** As Kubernetes writes them, and as Linux does. */
function namesOf(capabilities: JsonObject, list: 'add' | 'drop'): readonly string[] {
  return textsAt(capabilities, list).map((name) => name.toUpperCase().replace(/^CAP_/, ''));
}
