import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { secretReferences } from '../security/secret-references.ts';
import { listed, quoted } from '../shown-text.ts';

const mostShown = 5;

/** Of these Secrets the keys have names that nobody can choose. */
const ourFields = [
  annotationField('postgres.io/replication-secret'),
  annotationField('postgres.io/backup-store-secret'),
];

/**
 * Fields: env[*].valueFrom.secretKeyRef, volumes[*].secret.items, postgres.io/replication-secret, backup-store-secret.
 * Allowed: keys that the Secret has, where its keys are known: that is where it stands in a file beside the StatefulSet. Values are
 * never looked at.
 */
export const secretKeyMissing: Check = {
  id: 'secret-key-missing',
  severity: 'deny',
  summary: 'A Secret lacks the key that the pods ask for.',
  because:
    'The container does not start (CreateContainerConfigError), so the database is down from the next restart on.',
  instead: 'A key that the Secret has, or the key added to it.',
  examine(workload, { facts }) {
    return secretReferences(workload).flatMap(({ secret, keys, keysOf, field }): readonly Observation[] => {
      if (keys.length === 0) return noObservations;
      const isOurs = ourFields.includes(field);
      const found = facts.secrets.find(workload.namespace, secret);
      const known = found.kind === 'present' ? found.fact.keys : undefined;
      // One without any is a place for what somebody else fills in.
      if (known === undefined || known.length === 0) return noObservations;
      return (keysOf?.(known) ?? keys)
        .filter((key) => !known.includes(key))
        .map((key) => ({
          field,
          message: `Secret ${quoted(secret)} has no key ${quoted(key)}; wanted it there. ${isOurs ? 'Add it.' : `Add it, or name one that it has: ${listed(known.slice(0, mostShown).map(quoted))}.`}`,
        }));
    });
  },
};
