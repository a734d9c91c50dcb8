import type { StatefulSetFact } from '../../workload/cluster-facts.ts';
import { objectAt, textAt } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { notLookedUp } from '../look-up.ts';
import { quoted } from '../shown-text.ts';
import { namedOf } from './primary-address.ts';

/**
 * Fields: postgres.io/role and primary, and those of the managed sets of the namespace that they lead to.
 * Allowed: standbys that lead to a set that is none. A host that is no pod or Service of a managed set of the namespace leads out of it.
 */
export const primaryLeadsBack: Check = {
  id: 'primary-leads-back',
  severity: 'deny',
  summary: 'Two sets name each other as their primary.',
  because: 'Each waits for the other, neither takes a write, and an empty one never gets a copy.',
  instead:
    'No `postgres.io/role: standby` on the set whose rows count; `postgres.io/primary` with its address on the other.',
  examine({ settings, name, namespace, object }, { facts }) {
    const { role, primary } = settings.values;
    if (role !== 'standby' || primary === undefined) return noObservations;
    const own = { name, service: textAt(objectAt(object, 'spec'), 'serviceName') ?? '' };
    const others = facts.statefulSets.within(namespace).filter((set) => set.name !== name);
    const way: string[] = [];
    for (let address: string | undefined = primary; address !== undefined;) {
      const asked: string = address;
      if (way.length > 0 && namedOf(own, namespace, asked) !== undefined) return [leadsBack(primary, way)];
      const next = others.find((set) => namedOf(addressed(set), namespace, asked) !== undefined);
      // In a circle of others it is they that are at fault.
      if (next === undefined || way.includes(next.name)) break;
      way.push(next.name);
      address = primaryOf(next);
    }
    return notLookedUp('statefulSets', facts.statefulSets.gap);
  },
};

function leadsBack(primary: string, way: readonly string[]): Observation {
  const named = way.map(quoted).join(', which follows ');
  return {
    field: annotationField('postgres.io/primary'),
    message: `postgres.io/primary is ${quoted(primary)}, of StatefulSet ${named}, which follows this set; wanted one of them that is no standby. Take postgres.io/role and primary off the set whose rows count.`,
  };
}

function addressed({ name, managed }: StatefulSetFact): { readonly name: string; readonly service: string } {
  return { name, service: textAt(objectAt(managed ?? {}, 'spec'), 'serviceName') ?? '' };
}

/** The address that a set of standbys follows; undefined: it is none, or not managed. */
function primaryOf({ managed }: StatefulSetFact): string | undefined {
  const annotations = objectAt(objectAt(managed ?? {}, 'metadata'), 'annotations');
  return textAt(annotations, 'postgres.io/role') === 'standby' ? textAt(annotations, 'postgres.io/primary') : undefined;
}
