import type { SetPod } from '../cluster/list-set-pods.ts';

/** A log that there is: of a container that ran, or runs. */
export interface LogSource {
  readonly pod: string;
  readonly container: string;
  /** Of the container that crashed before the one that is there. */
  readonly previous: boolean;
  /** In front of each line. */
  readonly name: string;
  /** Another one for each start of a container of that pod. */
  readonly key: string;
  readonly running: boolean;
}

/** Ours, and the server's: others in the pod have nothing to do with the database. */
const ours: readonly string[] = ['pgusher-backup', 'pgusher-restore', 'pgusher-initdb'];

export function logSources(pods: readonly SetPod[], server: string): readonly LogSource[] {
  return pods.flatMap(({ name: pod, uid, containers }) =>
    containers
      .filter(({ name }) => ours.includes(name) || name === server)
      .flatMap(({ name: container, state, restarts, before }): LogSource[] => {
        const key = `${uid}/${container}/${String(restarts)}`;
        const name = `${pod}/${container}`;
        const own = { pod, container, previous: false, name, key, running: state === 'running' };
        const crashed = {
          ...own,
          previous: true,
          name: `${name} (before)`,
          key: `${uid}/${container}/${String(restarts - 1)}`,
          running: false,
        };
        if (state !== 'waiting') return before === 'failed' ? [crashed, own] : [own];
        // One that waits to be started again has the log of its last run as its own.
        return restarts > 0 || before !== 'none' ? [own] : [];
      }),
  );
}
