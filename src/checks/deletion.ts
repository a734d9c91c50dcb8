import type { ClusterFacts } from '../workload/cluster-facts.ts';
import type { PostgresWorkload } from '../workload/postgres-workload.ts';

/** A deletion that somebody asked for; what Kubernetes deletes by itself is never asked about. */
export type Deletion = SetDeletion | ClaimDeletion;

interface AnyDeletion {
  readonly namespace: string;
  readonly name: string;
  /** `allow-<check>` on the object that goes, by check. */
  readonly escapes: ReadonlyMap<string, string>;
  /** Everything in the namespace goes, whatever is said here: a denial would only keep it from ending. undefined: not known. */
  readonly namespaceIsEnding: boolean | undefined;
}

export interface SetDeletion extends AnyDeletion {
  readonly kind: 'set';
  readonly workload: PostgresWorkload;
  /** `--cascade=orphan`: pods and claims stay as they are. */
  readonly orphans: boolean;
}

export interface ClaimDeletion extends AnyDeletion {
  readonly kind: 'claim';
}

export interface DeletionSurroundings {
  readonly facts: ClusterFacts;
}
