import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { environmentField, parameterField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';
import { hostAuthMethod } from './trust-auth.ts';

/** From here on scram-sha-256 is the default, so that md5 was chosen. */
const scramIsDefault = 14;

/**
 * Fields: POSTGRES_HOST_AUTH_METHOD and POSTGRES_INITDB_ARGS of the Postgres container, password_encryption.
 * Allowed: scram-sha-256, which is the default from major 14 on. `trust` is `trust-auth`.
 */
export const md5Auth: Check = {
  id: 'md5-auth',
  severity: 'warn',
  summary: 'Passwords are sent or kept in a form that can be read or guessed.',
  because:
    'With `password` everybody on the way reads it. An md5 verifier from a stolen backup is as good as the password itself, and PostgreSQL 18 deprecates it.',
  instead: 'scram-sha-256, which is what the image takes when nothing is set.',
  examine({ server }) {
    if (server === undefined || (server.major ?? scramIsDefault) < scramIsDefault) return noObservations;
    const observations = [...ofHosts(server), ...ofInitdb(server), ...ofVerifiers(server)];
    return observations.length === 0 ? noObservations : observations;
  },
};

const weak = ['md5', 'password'];

function ofHosts(server: ServerContainer): readonly Observation[] {
  const variable = server.environment.get('POSTGRES_HOST_AUTH_METHOD');
  if (variable?.kind !== 'value' || !weak.includes(hostAuthMethod(variable.value) ?? '')) return [];
  return [
    {
      field: environmentField(server.name, 'POSTGRES_HOST_AUTH_METHOD'),
      message: `POSTGRES_HOST_AUTH_METHOD is ${quoted(variable.value)}; wanted scram-sha-256. Remove it.`,
    },
  ];
}

function ofInitdb(server: ServerContainer): readonly Observation[] {
  const method = server.initdb?.hostMethod;
  if (method === undefined || !weak.includes(method)) return [];
  return [
    {
      field: environmentField(server.name, 'POSTGRES_INITDB_ARGS'),
      message: `initdb is told to let hosts in by ${method}; wanted scram-sha-256. Write --auth-host=scram-sha-256.`,
    },
  ];
}

function ofVerifiers(server: ServerContainer): readonly Observation[] {
  const parameter = server.parameters.get('password_encryption');
  if (parameter?.value.trim().toLowerCase() !== 'md5') return [];
  return [
    {
      field: parameterField(server, parameter),
      message: 'password_encryption is md5; wanted scram-sha-256. Remove it, and set the passwords anew.',
    },
  ];
}
