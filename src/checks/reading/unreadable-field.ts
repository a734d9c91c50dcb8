import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { printable } from '../shown-text.ts';

/**
 * Fields: the lists, maps, texts and numbers on the way to the Postgres container, and those of every container.
 * Allowed: the types of the Kubernetes API (apps/v1 StatefulSet, core/v1 PodSpec).
 */
export const unreadableField: Check = {
  id: 'unreadable-field',
  severity: 'deny',
  summary: 'A field holds another type than Kubernetes has there.',
  because:
    'Kubernetes refuses the object. What the field was meant to say is not known, so nothing can be added to it and nothing is checked behind it.',
  instead: 'The type that the message names; a word that YAML takes for a number or a boolean goes in quotes.',
  noEscape: 'Kubernetes itself refuses the object.',
  neverRatcheted: true,
  examine({ detection }) {
    if (detection.kind !== 'unreadable') return noObservations;
    return detection.fields.map(({ field, seen, wanted }) => ({
      field: printable(field),
      message: `the field is ${seen}; wanted ${wanted}.`,
    }));
  },
};
