import { objectsAt, textAt } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: restartPolicy of the Postgres container (KEP-5307; beta and on since Kubernetes 1.35).
 * Allowed: none, or Always. Where Postgres is the only container the pod ends with it, and the StatefulSet makes another one.
 */
export const serverNotRestarted: Check = {
  id: 'server-not-restarted',
  severity: 'deny',
  summary: 'Nobody starts Postgres again when it has ended.',
  because:
    'After a crash, or a fast shutdown by hand, the container stays as it is. The pod goes on Running because of its other containers, so no new one is made either: the database is down until somebody looks.',
  instead: 'No restartPolicy on the container: the pod of a StatefulSet is Always.',
  examine({ server, podSpec }) {
    const policy = textAt(server?.container, 'restartPolicy');
    if (server === undefined || policy === undefined || policy === 'Always') return noObservations;
    const isAlone = objectsAt(podSpec, 'containers').length === 1;
    const when = policy === 'OnFailure' ? 'after an end without an error ' : '';
    return [
      {
        field: containerField(server.name, 'restartPolicy'),
        message: `restartPolicy of Postgres is ${quoted(policy)}, so ${when}${isAlone ? 'the whole pod has to be made anew' : 'nobody starts it again'}; wanted Always. Remove it.`,
        ...(isAlone ? { severity: 'warn' } : {}),
      },
    ];
  },
};
