import { noObservations } from './check.ts';
import type { Check } from './check.ts';
import { quoted } from './shown-text.ts';

/**
 * Fields: metadata.name.
 * Allowed: a DNS label. Kubernetes takes a name with dots, and makes the pod's host name from it, which may have none
 * (core/v1 PodSpec.hostname).
 */
export const nameHasDots: Check = {
  id: 'name-has-dots',
  severity: 'deny',
  summary: 'The name has a dot, and the pods cannot have it as host name.',
  because: 'Kubernetes takes the set and creates none of its pods: there is no database.',
  instead: 'Dashes in place of the dots.',
  coversLeftAlone: true,
  examine({ name }) {
    if (!name.includes('.')) return noObservations;
    return [
      {
        field: 'metadata.name',
        message: `the name is ${quoted(name)}; wanted one without dots. Write ${quoted(name.replaceAll('.', '-'))}.`,
      },
    ];
  },
};
