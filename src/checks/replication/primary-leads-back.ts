import type { StatefulSetFact } from '../../workload/cluster-facts.ts';
import { objectAt, textAt } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { notLookedUp } from '../look-up.ts';
import { quoted } from '../shown-text.ts';
import { namedOf } from './primary-address.ts';

/**
 * Fields: postgres.io/role, primary, restore-from and backup-prefix, and those of the managed sets of the namespace that they lead to.
 * Allowed: standbys that lead to a set that is none. A host that is no pod or Service of a managed set of the namespace leads out of it, and so
 * does a folder of backups that is no such set's.
 */
export const primaryLeadsBack: Check = {
  id: 'primary-leads-back',
  severity: 'deny',
  summary: 'Two sets follow each other.',
  because: 'Each waits for the other, neither takes a write, and an empty one never gets a copy.',
  instead:
    'No `postgres.io/role: standby` on the set whose rows count; `postgres.io/primary` with its address on the other, or `postgres.io/restore-from` with its backups.',
  examine({ settings, name, namespace, object }, { facts }) {
    const { role, primary, restoreFrom, backupPrefix } = settings.values;
    const first = role === 'standby' ? leadOf(primary, restoreFrom) : undefined;
    if (first === undefined) return noObservations;
    const service = textAt(objectAt(object, 'spec'), 'serviceName') ?? '';
    const own = { name, service, folder: backupPrefix ?? `${namespace}/${name}` };
    const others = facts.statefulSets.within(namespace).filter((set) => set.name !== name);
    const way: string[] = [];
    for (let lead: Lead | undefined = first; lead !== undefined;) {
      const asked: Lead = lead;
      if (way.length > 0 && isMeant(own, namespace, asked)) return [leadsBack(first, way)];
      const next = others.find((set) => isMeant(followed(set, namespace), namespace, asked));
      // In a circle of others it is they that are at fault.
      if (next === undefined || way.includes(next.name)) break;
      way.push(next.name);
      lead = leadFrom(next);
    }
    return notLookedUp('statefulSets', facts.statefulSets.gap);
  },
};

/** What a set of standbys follows. With both settings that is the server; the backups are behind it. */
interface Lead {
  readonly setting: 'primary' | 'restore-from';
  readonly value: string;
}

interface Followed {
  readonly name: string;
  readonly service: string;
  /** Of its backups. */
  readonly folder: string;
}

function leadOf(primary: string | undefined, restoreFrom: string | undefined): Lead | undefined {
  if (primary !== undefined) return { setting: 'primary', value: primary };
  return restoreFrom === undefined ? undefined : { setting: 'restore-from', value: restoreFrom };
}

function isMeant(set: Followed, namespace: string, { setting, value }: Lead): boolean {
  return setting === 'primary' ? namedOf(set, namespace, value) !== undefined : set.folder === value;
}

function leadsBack({ setting, value }: Lead, way: readonly string[]): Observation {
  const named = way.map(quoted).join(', which follows ');
  return {
    field: annotationField(`postgres.io/${setting}`),
    message: `postgres.io/${setting} is ${quoted(value)}, of StatefulSet ${named}, which follows this set; wanted one of them that is no standby. Take postgres.io/role and ${setting} off the set whose rows count.`,
  };
}

function followed({ name, managed }: StatefulSetFact, namespace: string): Followed {
  const annotations = objectAt(objectAt(managed ?? {}, 'metadata'), 'annotations');
  return {
    name,
    service: textAt(objectAt(managed ?? {}, 'spec'), 'serviceName') ?? '',
    folder: textAt(annotations, 'postgres.io/backup-prefix') ?? `${namespace}/${name}`,
  };
}

/** Undefined: it is no set of standbys, or not managed. */
function leadFrom({ managed }: StatefulSetFact): Lead | undefined {
  const annotations = objectAt(objectAt(managed ?? {}, 'metadata'), 'annotations');
  return textAt(annotations, 'postgres.io/role') === 'standby'
    ? leadOf(textAt(annotations, 'postgres.io/primary'), textAt(annotations, 'postgres.io/restore-from'))
    : undefined;
}
