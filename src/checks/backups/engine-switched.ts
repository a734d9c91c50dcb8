import { backupTemplate } from '../../workload/backup-template.ts';
import { objectAt, objectsAt, textAt } from '../../workload/json.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check, Surroundings } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: postgres.io/backup-claim and backup-prefix before and after.
 * Allowed: on UPDATE, the same place; the first place of a set that had none.
 */
export const engineSwitched: Check = {
  id: 'engine-switched',
  severity: 'warn',
  summary: 'Backups go to another place from now on.',
  because:
    'The new place is empty until its first base backup is done, and a lost volume is initialised or restored from there alone: the old backups are not looked at any more.',
  instead:
    'The old place; or the new one with the old backups copied into it, or `postgres.io/bootstrap: restore` until the first base backup is there.',
  examineChange({ before, after }, { injected }) {
    if (!before.settings.values.backup || !after.settings.values.backup || !hadPlace(before, injected))
      return noObservations;
    return (['backupClaim', 'backupPrefix'] as const)
      .filter((name) => placeIn(before, name) !== placeIn(after, name))
      .map((name) => {
        const annotation = name === 'backupClaim' ? 'postgres.io/backup-claim' : 'postgres.io/backup-prefix';
        return {
          field: annotationField(annotation),
          message: `the old backups stay in ${shown(before, name)}; wanted one place. ${annotation} is ${shown(after, name)} now: copy them there, or put it back.`,
        };
      });
  },
};

function hadPlace({ object, settings }: PostgresWorkload, injected: Surroundings['injected']): boolean {
  const templates = objectsAt(objectAt(object, 'spec'), 'volumeClaimTemplates');
  return (
    settings.values.backupClaim !== undefined ||
    (injected?.claimTemplates.length ?? 0) > 0 ||
    templates.some((template) => textAt(objectAt(template, 'metadata'), 'name') === backupTemplate)
  );
}

type PlaceSetting = 'backupClaim' | 'backupPrefix';

/** The folder has a default, which somebody may write down. */
function placeIn({ settings, namespace, name }: PostgresWorkload, setting: PlaceSetting): string | undefined {
  return settings.values[setting] ?? (setting === 'backupPrefix' ? `${namespace}/${name}` : undefined);
}

function shown(workload: PostgresWorkload, setting: PlaceSetting): string {
  const value = placeIn(workload, setting);
  return value === undefined ? "the set's own place" : quoted(value);
}
