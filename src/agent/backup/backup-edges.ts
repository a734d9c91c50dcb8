import type { Log } from '../log.ts';
import type { OpenPlace } from '../offsite/open-place.ts';
import type { SetPods } from '../restore/set-pods.ts';
import type { Environment } from '../server-connection/credentials.ts';

/** Everything of the outside that `backup` needs besides its contract. */
export interface BackupEdges {
  readonly environment: Environment;
  /** `paths.shared`: the volume between the containers of the pod. */
  readonly shared: string;
  /** `paths.liveSettings` */
  readonly liveSettings: string;
  /** `paths.replicationSecret` */
  readonly replicationSecret: string;
  /** `paths.rolePasswords` */
  readonly rolePasswords: string;
  /** Where the other pods of the set are; by their names below the governing Service where nothing else is said. */
  readonly pods?: SetPods;
  /** For the off-site copy. */
  readonly openPlace: OpenPlace;
  /** Address that the HTTP pages are served on; null: all of them, of either family. */
  readonly listen: string | null;
  /** False only where the store is a plain directory on a laptop; in a pod a store that is not mounted is no store. */
  readonly storeMustBeMount: boolean;
  /** Seconds until something that was refused is tried again. */
  readonly retrySeconds: number;
  readonly log: Log;
  readonly now: () => Date;
  /** SIGTERM or SIGINT came. A second signal is the caller's to act on. */
  readonly stop: AbortSignal;
  /** Other services of the same container, such as the one that hands WAL to restore_command; they end by the signal. */
  readonly alongside: readonly ((signal: AbortSignal) => Promise<void>)[];
}
