import { readServerInteger } from '../../workload/server-number.ts';
import { noObservations, runsAlready } from '../check.ts';
import type { Check } from '../check.ts';
import { parameterField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

const memory = 'a number with kB, MB, GB or TB';
const time = 'a number with ms, s, min, h or d';
const count = 'a whole number';
const port = 'a port from 1 to 65535';

const examples: Readonly<Record<string, string>> = {
  [memory]: '512MB',
  [time]: '5min',
  [count]: '100',
  [port]: '5432',
};

/** Of the parameters that people set in manifests; what they take is the same in all majors (pg_settings.vartype and unit). */
const kinds: Readonly<Record<string, string>> = {
  shared_buffers: memory,
  work_mem: memory,
  maintenance_work_mem: memory,
  effective_cache_size: memory,
  wal_buffers: memory,
  temp_buffers: memory,
  max_wal_size: memory,
  min_wal_size: memory,
  wal_keep_size: memory,
  max_slot_wal_keep_size: memory,
  checkpoint_timeout: time,
  wal_receiver_timeout: time,
  wal_sender_timeout: time,
  statement_timeout: time,
  lock_timeout: time,
  idle_in_transaction_session_timeout: time,
  port,
  max_connections: count,
  max_wal_senders: count,
  max_replication_slots: count,
  max_worker_processes: count,
  max_parallel_workers: count,
  max_prepared_transactions: count,
  max_locks_per_transaction: count,
  superuser_reserved_connections: count,
};

/**
 * Fields: memory, times and counts in command and args of the Postgres container, and in postgres.io/parameters.
 * Allowed: what parse_int of PostgreSQL reads: a number, blanks, a unit in its own case (PostgreSQL manual 19.1.1). What a shell or the
 * kubelet puts in later is not known here.
 */
export const parameterUnreadable: Check = {
  id: 'parameter-unreadable',
  severity: 'deny',
  summary: 'A parameter has a value that PostgreSQL cannot read.',
  because:
    'The server does not start: "invalid value for parameter". Units have their own case: MB and not mb, kB and not KB.',
  instead: 'A number and a unit as PostgreSQL writes them: 512MB, 64kB, 5min.',
  examine({ server }, surroundings) {
    if (server === undefined || server.parameters.size === 0) return noObservations;
    return [...server.parameters.values()].flatMap((parameter) => {
      const wanted = Object.hasOwn(kinds, parameter.name) ? kinds[parameter.name] : undefined;
      if (wanted === undefined || isReadable(parameter.value, wanted)) return [];
      return [
        {
          field: parameterField(server, parameter),
          message: `${parameter.name} is ${quoted(parameter.value)}; wanted ${wanted}. Such as ${examples[wanted] ?? ''}.`,
          ...(runsAlready(surroundings) ? { severity: 'warn' } : {}),
        },
      ];
    });
  },
};

/** Decimal, hexadecimal and octal; fractions are rounded, where they are of a unit at least. */
const number = String.raw`[+-]?(?:0[xX][0-9a-fA-F]+|[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)`;

const readable: Readonly<Record<string, RegExp>> = {
  [memory]: new RegExp(`^\\s*${number}\\s*(?:B|kB|MB|GB|TB)?\\s*$`),
  [time]: new RegExp(`^\\s*${number}\\s*(?:us|ms|s|min|h|d)?\\s*$`),
  [count]: new RegExp(`^\\s*${number}\\s*$`),
};

function isReadable(value: string, kind: string): boolean {
  if (/[$\x60]/.test(value)) return true;
  if (kind === port) {
    const read = readServerInteger(value);
    return read !== undefined && read >= 1 && read <= 65_535;
  }
  return readable[kind]?.test(value) !== false;
}
