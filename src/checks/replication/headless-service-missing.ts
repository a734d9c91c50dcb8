import { objectAt, textAt } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { notLookedUp } from '../look-up.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: spec.serviceName, and of the Service clusterIP.
 * Allowed: a Service that is there and has clusterIP: None; any or none for one replica that nobody follows. A warning, for the reason given in pvc-missing.
 */
export const headlessServiceMissing: Check = {
  id: 'headless-service-missing',
  severity: 'warn',
  summary: 'The Service that is to give the pods their names does not.',
  because: 'The pods have no names in DNS: clients of orders-0.orders find nobody, and no standby finds its primary.',
  instead: 'A Service of the name in spec.serviceName with clusterIP: None.',
  paste: `apiVersion: v1
kind: Service
metadata:
  name: <spec.serviceName>
spec:
  clusterIP: None
  publishNotReadyAddresses: true
  selector: <labels of the pods>
  ports:
    - name: postgres
      port: 5432`,
  examine({ object, namespace, replicas, settings }, { facts }) {
    const { replicationSecret, role } = settings.values;
    if (replicas < 2 && replicationSecret === undefined && role === 'auto') return noObservations;
    const service = textAt(objectAt(object, 'spec'), 'serviceName') ?? '';
    if (service === '') return noObservations;
    const found = facts.services.find(namespace, service);
    if (found.kind === 'unknown') return notLookedUp('services', found.why);
    if (found.kind === 'present' && found.fact.isHeadless) return noObservations;
    const seen =
      found.kind === 'absent' ? `there is no Service ${quoted(service)}` : `Service ${quoted(service)} is not headless`;
    return [{ field: 'spec.serviceName', message: `${seen}; wanted one with clusterIP: None.` }];
  },
};
