import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: lifecycle.preStop of the Postgres container.
 * Allowed: none; an exec hook, which is kept and run first; any form with `postgres.io/pre-stop: "off"`.
 */
export const prestopUnsupported: Check = {
  id: 'prestop-unsupported',
  severity: 'deny',
  summary: 'A preStop hook is of a form that cannot be kept.',
  because:
    'A container has one preStop hook. Ours makes the last commits reach the backup before the server stops; it can run another command first, but not an HTTP request or a sleep of the kubelet.',
  instead: 'The same thing as `exec`, which is run first; or `postgres.io/pre-stop: "off"`.',
  noEscape: '`postgres.io/pre-stop: "off"` is the way to keep the hook.',
  neverRatcheted: true,
  examine({ server, settings }) {
    if (server?.preStop.kind !== 'other' || !settings.values.preStop) return noObservations;
    return [
      {
        field: containerField(server.name, 'lifecycle.preStop'),
        message: `the preStop hook is ${quoted(server.preStop.form)}; wanted exec, which is kept and run before ours. Write it as exec, or postgres.io/pre-stop: "off".`,
      },
    ];
  },
};
