import { objectAt, objectsAt, textAt } from '../../workload/json.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { annotationField, volumeField } from '../field-path.ts';
import { notLookedUp } from '../look-up.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: spec.template.spec.volumes[*].persistentVolumeClaim, postgres.io/backup-claim, postgres.io/restore-from-claim.
 * Allowed: claims that are there. A warning, since manifests are applied in any order and a claim that was made a moment ago may not
 * be known yet: the pod waits for it and nothing is lost.
 */
export const pvcMissing: Check = {
  id: 'pvc-missing',
  severity: 'warn',
  summary: 'A claim that the pods mount is not there.',
  because: 'The pod stays Pending until there is a claim of that name; with a slip in the name, for ever.',
  instead: 'The name of a claim in the same namespace, or create it.',
  examine(workload, { facts }) {
    const named = claimsOf(workload);
    if (named.length === 0) return noObservations;
    return named.flatMap(({ claim, field }): readonly Observation[] => {
      const found = facts.claims.find(workload.namespace, claim);
      if (found.kind === 'present') return noObservations;
      if (found.kind === 'unknown') return notLookedUp('claims', found.why);
      return [
        { field, message: `there is no claim ${quoted(claim)} yet; wanted one that is there. The pod waits for it.` },
      ];
    });
  },
};

function claimsOf({
  podSpec,
  settings,
}: PostgresWorkload): readonly { readonly claim: string; readonly field: string }[] {
  const { backup, backupClaim, restoreFromClaim } = settings.values;
  const volumes = objectsAt(podSpec, 'volumes').flatMap((volume) => {
    const claim = textAt(objectAt(volume, 'persistentVolumeClaim'), 'claimName');
    return claim === undefined ? [] : [{ claim, field: volumeField(textAt(volume, 'name') ?? '') }];
  });
  return [
    ...volumes,
    ...(backupClaim === undefined || !backup
      ? []
      : [{ claim: backupClaim, field: annotationField('postgres.io/backup-claim') }]),
    ...(restoreFromClaim === undefined
      ? []
      : [{ claim: restoreFromClaim, field: annotationField('postgres.io/restore-from-claim') }]),
  ];
}
