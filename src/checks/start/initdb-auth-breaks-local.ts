import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { environmentField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';
import { hostMethod } from '../security/trust-auth.ts';

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
    const variable = server?.environment.get('POSTGRES_INITDB_ARGS');
    if (server === undefined || operation === 'UPDATE' || variable?.kind !== 'value') return noObservations;
    const { name } = server;
    const observe = (message: string): Observation => ({
      field: environmentField(name, 'POSTGRES_INITDB_ARGS'),
      message,
    });
    const method = hostMethod(variable.value);
    if (method !== undefined && !agentMethods.includes(method)) {
      return [
        observe(
          `initdb lets 127.0.0.1 in by ${quoted(method)}, which the agent does not have; wanted a password. Write --auth-host=scram-sha-256.`,
        ),
      ];
    }
    if (!/(?:^|\s)--auth-local(?:=|\s+)["']?reject\b/.test(variable.value)) return noObservations;
    return [
      observe('initdb rejects the local socket, which the image initialises by; wanted trust. Remove --auth-local.'),
    ];
  },
};
