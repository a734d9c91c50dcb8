import type { StatefulSetFact } from '../../workload/cluster-facts.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { notLookedUp } from '../look-up.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: postgres.io/backup-claim and backup-prefix, and those of the other managed sets of the namespace.
 * Allowed: a folder of its own in a claim that several have. Without backup-prefix that is `<namespace>/<name>`, which no other set has. A set of
 * standbys may share it with its primary's: they are one database. One that follows backups alone may not: once it is promoted it is another.
 */
export const storePrefixShared: Check = {
  id: 'store-prefix-shared',
  severity: 'deny',
  summary: 'Two sets keep their backups in one folder.',
  because:
    'A folder belongs to the database that it began with: the other one archives nothing, and when its volume is lost it stops in front of the backups of a stranger.',
  instead: 'A postgres.io/backup-prefix of its own, or none.',
  examine({ settings, name, namespace }, { facts }) {
    const { backup, backupClaim, backupPrefix, role, primary } = settings.values;
    const ofPrimary = role === 'standby' && primary !== undefined;
    if (!backup || ofPrimary || backupClaim === undefined) return noObservations;
    const folder = backupPrefix ?? `${namespace}/${name}`;
    const isSame = ({ name: other, backups }: StatefulSetFact): boolean =>
      other !== name && backups?.claim === backupClaim && (backups.prefix ?? `${namespace}/${other}`) === folder;
    const other = facts.statefulSets.within(namespace).find(isSame);
    if (other === undefined) return notLookedUp('statefulSets', facts.statefulSets.gap);
    const observation: Observation = {
      field: annotationField(backupPrefix === undefined ? 'postgres.io/backup-claim' : 'postgres.io/backup-prefix'),
      message: `StatefulSet ${quoted(other.name)} has folder ${quoted(folder)} of claim ${quoted(backupClaim)} too; wanted a folder of its own. Remove postgres.io/backup-prefix, or change it.`,
    };
    return [observation];
  },
};
