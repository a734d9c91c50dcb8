import { objectAt, textAt } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';

/**
 * Fields: spec.updateStrategy.type, at the moment of labelling.
 * Allowed: RollingUpdate, which is the default. OnDelete is a choice that many make for databases; it is only said that the
 * pods which run stay as they are.
 */
export const updateOndelete: Check = {
  id: 'update-ondelete',
  severity: 'warn',
  summary: 'The pods that run get nothing of what is injected (OnDelete).',
  because: 'There is no backup until each pod has been deleted once, though the StatefulSet looks protected.',
  instead: '`kubectl delete pod` for each of them, one after the other; or RollingUpdate.',
  examine({ object }, { operation, injected }) {
    if (operation === 'CREATE' || injected !== undefined) return noObservations;
    if (textAt(objectAt(objectAt(object, 'spec'), 'updateStrategy'), 'type') !== 'OnDelete') return noObservations;
    return [
      {
        field: 'spec.updateStrategy.type',
        message:
          'updateStrategy is OnDelete, so running pods stay without backup; wanted them new. Delete them one by one.',
      },
    ];
  },
};
