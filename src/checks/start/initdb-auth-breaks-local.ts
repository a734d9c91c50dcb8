import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { environmentField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/** What the agent can log in with: it has the password of POSTGRES_USER, and comes from 127.0.0.1. */
const agentMethods = ['trust', 'scram-sha-256', 'md5', 'password'];

/**
 * Fields: `--auth-host`, `--auth-local` and `-A` in POSTGRES_INITDB_ARGS of the Postgres container. On CREATE: initdb runs once.
 * Allowed: methods by password, and trust for local sockets, where the image's own scripts come in. What
 * POSTGRES_HOST_AUTH_METHOD adds comes after the line for 127.0.0.1.
 */
export const initdbAuthBreaksLocal: Check = {
  id: 'initdb-auth-breaks-local',
  severity: 'warn',
  summary: 'The rules that initdb writes keep the agent out.',
  because:
    'The agent logs in over 127.0.0.1 with the password of POSTGRES_USER. Where that is not let in there is no backup, and a rejected local socket ends the initialisation.',
  instead: '`--auth-host=scram-sha-256`, and no --auth-local.',
  examine({ server }, { operation }) {
    if (server?.initdb === undefined || operation === 'UPDATE') return noObservations;
    const { name, initdb } = server;
    const observe = (message: string): Observation => ({
      field: environmentField(name, 'POSTGRES_INITDB_ARGS'),
      message,
    });
    const method = initdb.hostMethod;
    if (method !== undefined && !agentMethods.includes(method)) {
      return [
        observe(
          `initdb lets 127.0.0.1 in by ${quoted(method)}, which the agent does not have; wanted a password. Write --auth-host=scram-sha-256.`,
        ),
      ];
    }
    if (initdb.localMethod !== 'reject') return noObservations;
    return [
      observe('initdb rejects the local socket, which the image initialises by; wanted trust. Remove --auth-local.'),
    ];
  },
};
