import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { podSpecField } from '../field-path.ts';
import { listed, quoted } from '../shown-text.ts';

/**
 * Fields: spec.template.spec.containers: images, ports, POSTGRES_* variables, mounts.
 * Allowed: one container that looks like Postgres, or `postgres.io/container`.
 */
export const pgcontainerAmbiguous: Check = {
  id: 'pgcontainer-ambiguous',
  severity: 'deny',
  summary: 'Several containers look like Postgres.',
  because: 'Which one owns PGDATA decides what is backed up and restored. Choosing the wrong one protects nothing.',
  instead: '`postgres.io/container` with the name of the one that owns the data.',
  noEscape: 'the annotation `postgres.io/container` is the way out.',
  neverRatcheted: true,
  examine({ detection }) {
    if (detection.kind !== 'ambiguous') return noObservations;
    return [
      {
        field: `${podSpecField}.containers`,
        message: `${listed(detection.candidates.map(quoted))} look like Postgres; wanted to know which owns the data. Write postgres.io/container: ${quoted(detection.candidates[0] ?? '')}, or another of them.`,
      },
    ];
  },
};
