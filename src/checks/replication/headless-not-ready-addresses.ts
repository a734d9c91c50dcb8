import { objectAt, textAt } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: spec.replicas, and publishNotReadyAddresses of the headless Service.
 * Allowed: one replica; or true. Whether the Service is there at all is headless-service-missing's.
 */
export const headlessNotReadyAddresses: Check = {
  id: 'headless-not-ready-addresses',
  severity: 'warn',
  summary: 'Standbys cannot find a primary that is not ready yet.',
  because:
    'A primary that recovers is not ready, so it has no name: standbys cannot follow it, and a commit that waits for one waits for ever.',
  instead: 'publishNotReadyAddresses: true in the headless Service, and another Service for clients.',
  examine({ object, namespace, replicas }, { facts }) {
    if (replicas < 2) return noObservations;
    const service = textAt(objectAt(object, 'spec'), 'serviceName') ?? '';
    const found = facts.services.find(namespace, service);
    if (found.kind !== 'present' || !found.fact.isHeadless || found.fact.publishesNotReady) return noObservations;
    return [
      {
        field: 'spec.serviceName',
        message: `Service ${quoted(service)} hides pods that are not ready; wanted publishNotReadyAddresses: true.`,
      },
    ];
  },
};
