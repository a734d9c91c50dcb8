import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { notLookedUp } from '../look-up.ts';
import { secretReferences } from '../security/secret-references.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: env[*].valueFrom.secretKeyRef, envFrom[*].secretRef, volumes[*].secret, postgres.io/replication-secret, backup-store-secret.
 * Allowed: Secrets that are there, or `optional: true`. The webhook looks for Secrets only with `secret-names: true` in its
 * config file (src/cluster/facts.ts says why), the command line with `--cluster`. A warning, for the reason given in pvc-missing.
 */
export const secretMissing: Check = {
  id: 'secret-missing',
  severity: 'warn',
  summary: 'A Secret that the pods need is not there.',
  because: 'The container does not start (CreateContainerConfigError) until there is a Secret of that name.',
  instead: 'The name of a Secret in the same namespace, or create it.',
  examine(workload, { facts }) {
    const seen = new Set<string>();
    return secretReferences(workload).flatMap(({ secret, field }): readonly Observation[] => {
      const found = facts.secrets.find(workload.namespace, secret);
      if (found.kind === 'unknown') return notLookedUp('secrets', found.why);
      if (found.kind === 'present' || seen.has(secret)) return noObservations;
      seen.add(secret);
      return [
        { field, message: `there is no Secret ${quoted(secret)} yet; wanted one that is there. The pod waits for it.` },
      ];
    });
  },
};
