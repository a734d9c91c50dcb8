import type { ServiceFact } from '../../workload/cluster-facts.ts';
import { objectAt, textAt } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { controllerLabels, podLabels, selectsAll } from './pod-labels.ts';
import { quoted } from '../shown-text.ts';
import { isCopiedByScript } from '../start/copied-by-script.ts';

const { podName, podIndex } = controllerLabels;

/**
 * Fields: spec.replicas, and the selectors of the namespace's Services.
 * Allowed: one replica; or a Service that selects one pod, by its name or its index (Kubernetes documentation, "Pod index label") among pods of
 * these labels: whoever has that knows which pod takes writes, and the Service for all of them is for reading. A set of standbys alone, and one
 * whose standbys a script makes: nothing here tells which pod takes writes there, if any does.
 */
export const rwServiceSelectsAll: Check = {
  id: 'rw-service-selects-all',
  severity: 'warn',
  summary: 'The only Service for clients selects primary and standbys alike.',
  because: 'A connection gets any of the pods: writes on a standby fail, and reads are a moment behind by chance.',
  instead: 'A Service for writing that selects the primary by name, beside the one for reading.',
  paste: `selector:
  statefulset.kubernetes.io/pod-name: <name of the set>-0`,
  examine(workload, { facts }) {
    const { replicas, namespace, name, object, settings } = workload;
    if (replicas < 2 || settings.values.role === 'standby') return noObservations;
    const governing = textAt(objectAt(object, 'spec'), 'serviceName');
    const services = facts.services.within(namespace).filter((service) => service.name !== governing);
    const labels = podLabels(workload);
    const selectsOne = (selector: ServiceFact['selector']): boolean => {
      const { [podIndex]: index, ...others } = selector;
      return selector[podName]?.startsWith(`${name}-`) === true || (index !== undefined && selectsAll(others, labels));
    };
    if (services.some(({ selector }) => selectsOne(selector))) return noObservations;
    const forAll = services.find(({ selector }) => selectsAll(selector, labels));
    if (forAll === undefined || isCopiedByScript(workload)) return noObservations;
    return [
      {
        field: 'spec.replicas',
        message: `Service ${quoted(forAll.name)} selects all ${replicas} pods; wanted one for writing with ${podName}: ${name}-0.`,
      },
    ];
  },
};
