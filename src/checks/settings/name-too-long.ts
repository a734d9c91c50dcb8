import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';

/**
 * A label value has at most 63 characters, and the label controller-revision-hash of a pod is `<set>-<hash>` with a hash of
 * up to 10 (kubernetes#64023).
 */
const longest = 52;

/**
 * Fields: metadata.name.
 * Allowed: up to 52 characters.
 */
export const nameTooLong: Check = {
  id: 'name-too-long',
  severity: 'deny',
  summary: 'The name is too long for the labels of the pods.',
  because:
    'Kubernetes takes the set and then cannot create its pods, now or after the next change: the label controller-revision-hash does not fit. The replication slots of two standbys would be cut to the same name.',
  instead: 'A name of 52 characters at most.',
  coversLeftAlone: true,
  examine({ name }) {
    if (name.length <= longest) return noObservations;
    return [
      {
        field: 'metadata.name',
        message: `the name has ${name.length} characters, so that <name>-<hash> fits no label; wanted ${longest} at most. Write a shorter name.`,
      },
    ];
  },
};
