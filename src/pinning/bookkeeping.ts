import { annotationPrefix } from '../workload/annotation-name.ts';

/**
 * Where it is written down what was injected. Three annotations on the StatefulSet's metadata, where changing them
 * restarts nothing, and one hash on the pod template: it is part of the ControllerRevision, so it comes back with a rollback.
 */
export const bookkeeping = {
  /** The version that rendered what is injected; a user may write `latest` to have it rendered anew. */
  version: `${annotationPrefix}injection-version`,
  /** Hash of what the render depends on; see inputs-hash.ts. */
  inputs: `${annotationPrefix}injection-inputs`,
  /** What was changed that carries no name of ours, per revision; see injection-record.ts. */
  record: `${annotationPrefix}injection-record`,
  /** On the pod template: hash of the injected content. */
  hash: `${annotationPrefix}injected`,
} as const;

/** What a user writes into `injection-version` to ask for a render. */
export const latest = 'latest';
