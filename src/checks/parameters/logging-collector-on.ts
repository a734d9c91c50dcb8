import { isWithin, normalisePath } from '../../workload/absolute-path.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { parameterField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';
import { isOn } from './unsafe-parameter.ts';

/**
 * Fields: logging_collector and log_directory in command and args of the Postgres container, and in postgres.io/parameters.
 * Allowed: off, which is the default; on with a log_directory outside PGDATA (PostgreSQL manual 19.8.1).
 */
export const loggingCollectorOn: Check = {
  id: 'logging-collector-on',
  severity: 'warn',
  summary: 'The server writes its log into the data directory.',
  because:
    'The log fills the disk of the data until the server stops, travels in each base backup and comes back in each restore, and `kubectl logs` shows nothing.',
  instead: 'No logging_collector: the container has a log. Or log_directory on a volume of its own.',
  examine({ server }) {
    const collector = server?.parameters.get('logging_collector');
    if (server === undefined || collector === undefined || !isOn(collector.value)) return noObservations;
    const directory = server.parameters.get('log_directory')?.value ?? 'log';
    if (directory.startsWith('/') && !isWithin(normalisePath(directory), server.data.path)) return noObservations;
    return [
      {
        field: parameterField(server, collector),
        message: `logging_collector is ${quoted(collector.value)} and writes to ${quoted(directory)} in PGDATA; wanted off. Remove it, or set log_directory elsewhere.`,
      },
    ];
  },
};
