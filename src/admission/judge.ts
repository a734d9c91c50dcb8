import type { Finding } from '../checks/check.ts';
import { runChecks, runReleaseChecks } from '../checks/run-checks.ts';
import { withDroppedArguments } from '../pinning/dropped-arguments.ts';
import { strip } from '../pinning/strip.ts';
import type { Stripped } from '../pinning/strip.ts';
import { objectAt, textMapAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import type { PostgresWorkload } from '../workload/postgres-workload.ts';
import { readPostgresWorkload } from '../workload/read-postgres-workload.ts';
import { readSettings } from '../workload/read-settings.ts';
import type { AdmissionContext, AdmissionRequest } from './admission.ts';
import type { Subject } from './subject.ts';

type Managed = Extract<Subject, { kind: 'managed' }>;
type Released = Extract<Subject, { kind: 'released' }>;

/** A managed StatefulSet, read: what the user wrote, taken apart from what was injected, and what is to be said about it. */
export interface Judged {
  readonly stripped: Stripped;
  readonly workload: PostgresWorkload;
  /** The object before the update; undefined on CREATE. */
  readonly old: Stripped | undefined;
  readonly findings: readonly Finding[];
}

/**
 * The same for both webhooks, so that /validate never refuses what /mutate let through. What the old object had already is
 * only warned about where that was managed too: labelling is the moment to refuse.
 */
export function judge(subject: Managed, request: AdmissionRequest, context: AdmissionContext): Judged {
  const old = subject.old === undefined ? undefined : strip(subject.old);
  const stripped = withDroppedArguments(strip(subject.object, old), old);
  const workload = readWorkload(stripped.object, request, context);
  const findings = runChecks({
    after: workload,
    before: subject.wasManaged && old !== undefined ? readWorkload(old.object, request, context) : undefined,
    operation: subject.old === undefined ? 'CREATE' : 'UPDATE',
    injected: old?.injected,
    policy: context.policy,
    facts: context.facts,
    today: context.today,
  });
  return { stripped, workload, old, findings };
}

/** For the UPDATE that takes the label away. */
export function judgeRelease(
  subject: Released,
  request: AdmissionRequest,
  context: AdmissionContext,
): readonly Finding[] {
  return runReleaseChecks({
    after: readWorkload(subject.object, request, context),
    before: readWorkload(subject.old, request, context),
    operation: 'UPDATE',
    policy: context.policy,
    facts: context.facts,
    today: context.today,
  });
}

/** The namespace comes from the request: the object may lack it. */
export function readWorkload(
  object: JsonObject,
  request: AdmissionRequest,
  context: AdmissionContext,
): PostgresWorkload {
  const namespace = context.namespaceAnnotations(request.namespace);
  const settings = readSettings({
    cluster: context.clusterSettings,
    ...(namespace === undefined ? {} : { namespace }),
    statefulset: textMapAt(objectAt(object, 'metadata'), 'annotations'),
  });
  return readPostgresWorkload(object, settings, request.namespace);
}
