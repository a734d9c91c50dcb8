import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { annotationField, podSpecField } from '../field-path.ts';

const graceField = `${podSpecField}.terminationGracePeriodSeconds`;

/** Kubernetes' own default. */
const defaultGrace = 30;
/** A shutdown checkpoint over 1 GB of dirty pages takes about this long on a slow disk (20 MB/s). */
const comfortable = 60;

/**
 * Fields: spec.template.spec.terminationGracePeriodSeconds, postgres.io/stop-grace. The pod gets the greater one.
 * Allowed: 60 or more.
 */
export const graceTooLow: Check = {
  id: 'grace-too-low',
  severity: 'warn',
  summary: 'The pod is killed before Postgres can have stopped.',
  because:
    'SIGKILL in the middle of the shutdown checkpoint means crash recovery at each start, and the last commits may not have reached the backup.',
  instead: '`postgres.io/stop-grace` of 60 seconds or more; 300 is the default.',
  examine({ graceSeconds, settings }) {
    const { stopGrace } = settings.values;
    const grace = Math.max(graceSeconds ?? defaultGrace, stopGrace);
    if (grace < comfortable) return [tooLow(grace)];
    if (graceSeconds === undefined || graceSeconds >= defaultGrace) return noObservations;
    return [
      {
        field: graceField,
        message: `terminationGracePeriodSeconds is ${graceSeconds}; wanted at least ${comfortable}. It becomes ${stopGrace} (postgres.io/stop-grace).`,
      },
    ];
  },
};

function tooLow(grace: number): Observation {
  return {
    field: annotationField('postgres.io/stop-grace'),
    message: `the pod has ${grace} seconds to stop; wanted at least ${comfortable}. Write postgres.io/stop-grace: "300".`,
  };
}
