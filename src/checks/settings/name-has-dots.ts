import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: metadata.name.
 * Allowed: a DNS label. The pod's host name is made from it, which may have no dot (core/v1 PodSpec.hostname). Newer releases of
 * Kubernetes refuse such a set themselves.
 */
export const nameHasDots: Check = {
  id: 'name-has-dots',
  severity: 'deny',
  summary: 'The name has a dot, and the pods cannot have it as host name.',
  because:
    'Kubernetes refuses it, or takes the set and creates none of its pods, depending on its release: there is no database either way.',
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
