import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import { objectAt, textAt } from '../../workload/json.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';

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

/** The set's claims are to go with it (spec.persistentVolumeClaimRetentionPolicy.whenDeleted). */
export function takesItsClaims({ workload }: SetDeletion): boolean {
  const policy = objectAt(objectAt(workload.object, 'spec'), 'persistentVolumeClaimRetentionPolicy');
  return textAt(policy, 'whenDeleted') === 'Delete';
}

export interface DeletionSurroundings {
  readonly facts: ClusterFacts;
}
