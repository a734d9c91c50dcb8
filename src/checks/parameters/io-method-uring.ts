import { objectAt, textAt } from '../../workload/json.ts';
import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { parameterField } from '../field-path.ts';

/**
 * Fields: io_method in command and args of the Postgres container and in postgres.io/parameters; seccompProfile of container
 * and pod.
 * Allowed: worker, which is the default, and sync; on UPDATE io_uring where no profile forbids it. The profiles of containerd and Docker
 * do (moby#46762), and the container that initialises always has them. What a kubelet takes where nobody says one is not known here.
 */
export const ioMethodUring: Check = {
  id: 'io-method-uring',
  severity: 'warn',
  summary: 'The server wants io_uring, which the seccomp profile of the runtime forbids.',
  because: 'It does not start: "could not setup io_uring queue: Operation not permitted".',
  instead: 'io_method=worker, which is the default.',
  examine({ server }, { operation }) {
    const parameter = server?.parameters.get('io_method');
    if (server === undefined || parameter?.value.trim().toLowerCase() !== 'io_uring') return noObservations;
    const field = parameterField(server, parameter);
    if (profileOf(server) === 'RuntimeDefault')
      return [
        { field, message: 'io_method is io_uring, and seccomp RuntimeDefault forbids that; wanted worker. Remove it.' },
      ];
    if (operation === 'UPDATE') return noObservations;
    return [
      {
        field,
        message:
          'io_method is io_uring, and pgusher-initdb has seccomp RuntimeDefault; wanted worker at first. Set it after the first start.',
      },
    ];
  },
};

function profileOf({ security }: ServerContainer): string | undefined {
  const own = textAt(objectAt(security.container, 'seccompProfile'), 'type');
  return security.privileged ? undefined : (own ?? textAt(objectAt(security.pod, 'seccompProfile'), 'type'));
}
