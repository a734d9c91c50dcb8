import { objectAt, objectsAt, textAt } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: metadata.ownerReferences[*].controller.
 * Allowed: no controller. An owner that is none (a Helm release, an application object) only matters to garbage collection.
 */
export const duplicateManagedBy: Check = {
  id: 'duplicate-managed-by',
  severity: 'deny',
  summary: 'The set belongs to an operator.',
  because:
    'The operator writes the set back as it wants it, so that what is injected comes and goes with restarts; and two managers may each restore or promote.',
  instead: 'The label on sets that no controller owns; the backups of the operator for those that one does.',
  examine({ object }) {
    const owner = objectsAt(objectAt(object, 'metadata'), 'ownerReferences').find(
      ({ controller }) => controller === true,
    );
    if (owner === undefined) return noObservations;
    const name = `${textAt(owner, 'kind') ?? ''} ${textAt(owner, 'name') ?? ''}`.trim();
    return [
      {
        field: 'metadata.ownerReferences',
        message: `the set is controlled by ${quoted(name)}; wanted one manager. Remove the label postgres.io/managed.`,
      },
    ];
  },
};
