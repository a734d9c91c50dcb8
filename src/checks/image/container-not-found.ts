import { nearestName } from '../../workload/nearest-name.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { listed, quoted } from '../shown-text.ts';

/**
 * Fields: postgres.io/container against spec.template.spec.containers[*].name.
 * Allowed: the name of a container of the pod (not of an init container).
 */
export const containerNotFound: Check = {
  id: 'container-not-found',
  severity: 'deny',
  summary: '`postgres.io/container` names a container that the pod does not have.',
  because: 'Nothing can be injected, so nothing would be protected.',
  instead: 'The name of the container that runs Postgres.',
  noEscape: 'there is nothing to inject into.',
  neverRatcheted: true,
  examine({ detection }) {
    if (detection.kind !== 'named-but-absent') return noObservations;
    const { wanted, containers } = detection;
    const meant = nearestName(wanted, containers) ?? containers[0];
    const rest =
      meant === undefined
        ? 'a container of the pod, which has none.'
        : `${containers.length === 1 ? '' : 'one of '}${listed(containers.map(quoted))}. Write postgres.io/container: ${quoted(meant)}.`;
    return [
      {
        field: annotationField('postgres.io/container'),
        message: `postgres.io/container is ${quoted(wanted)}; wanted ${rest}`,
      },
    ];
  },
};
