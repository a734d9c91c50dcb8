import { numberAt, objectAt } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';

/**
 * Fields: spec.updateStrategy.rollingUpdate.partition, at the moment of labelling.
 * Allowed: 0, which is the default. Pods with a lower ordinal than the partition keep their old template, the primary first.
 */
export const updatePartition: Check = {
  id: 'update-partition',
  severity: 'warn',
  summary: 'The primary gets nothing of what is injected (partition).',
  because: 'There is no backup of the primary until the partition is 0, though the StatefulSet looks protected.',
  instead: 'No partition.',
  examine({ object }, { operation, injected }) {
    if (operation === 'CREATE' || injected !== undefined) return noObservations;
    const strategy = objectAt(objectAt(objectAt(object, 'spec'), 'updateStrategy'), 'rollingUpdate');
    const partition = numberAt(strategy, 'partition') ?? 0;
    if (partition === 0) return noObservations;
    return [
      {
        field: 'spec.updateStrategy.rollingUpdate.partition',
        message: `pods below ordinal ${partition}, the primary too, stay without backup; wanted partition 0. Write it, or remove it.`,
      },
    ];
  },
};
