import { objectAt, textAt } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/** PostgreSQL manual 18.5: smart and fast shutdown. */
const shutdowns = ['SIGTERM', 'SIGINT'];

/**
 * Fields: lifecycle.stopSignal of the Postgres container.
 * Allowed: none. SIGINT and SIGTERM do no harm, but clusters without the feature gate ContainerStopSignals (alpha and off up to Kubernetes
 * 1.37) drop the field without a word, so that the image's own signal counts: a warning.
 */
export const stopSignal: Check = {
  id: 'stop-signal',
  severity: 'deny',
  summary: 'Postgres is stopped by a signal that does not shut it down in order.',
  because:
    'SIGQUIT and SIGKILL end it without a checkpoint, and others do not end it at all until the grace period is over: recovery at the next start. Where the cluster drops the field nothing of it happens, and a test there shows nothing.',
  instead:
    'No lifecycle.stopSignal: the preStop hook that is injected makes a fast shutdown before any signal is sent.',
  examine({ server }) {
    const signal = textAt(objectAt(server?.container, 'lifecycle'), 'stopSignal');
    if (server === undefined || signal === undefined) return noObservations;
    const field = containerField(server.name, 'lifecycle.stopSignal');
    if (shutdowns.includes(signal)) {
      return [
        {
          field,
          severity: 'warn',
          message: `stopSignal is ${quoted(signal)}, which most clusters drop in silence; wanted none. Remove it: the preStop hook stops Postgres before the signal (feature gate ContainerStopSignals).`,
        },
      ];
    }
    return [
      { field, message: `stopSignal is ${quoted(signal)}, which is no shutdown in order; wanted SIGINT. Remove it.` },
    ];
  },
};
