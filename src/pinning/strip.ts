import { claimTemplateKey, nameKey } from '../plan/named-list.ts';
import type { Plan } from '../plan/plan.ts';
import { sameJson } from '../plan/same-json.ts';
import { objectAt, objectsAt, textAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import { bookkeeping } from './bookkeeping.ts';
import { readRecord } from './injection-record.ts';
import type { InjectedRevision } from './injection-record.ts';
import { stripServer } from './strip-server.ts';
import { isOurName, putBack, takeOut, without } from './take-out.ts';

/** A StatefulSet taken apart into what the user wrote and what pgusher injected. */
export interface Stripped {
  /** As it came. */
  readonly raw: JsonObject;
  /**
   * Equal to `raw`, and made of the stored object's own values where nothing but metadata was changed: comparing what is
   * made of those with it costs nothing.
   */
  readonly comparable: JsonObject;
  /** The user's own; the same reference as `raw` where nothing is injected. */
  readonly object: JsonObject;
  /** What was found of ours, literally; undefined where there is nothing. */
  readonly injected: Plan | undefined;
  /** The template's own claim of what is injected. */
  readonly hash: string | undefined;
  /** The revision that `raw` was taken apart by. */
  readonly revision: InjectedRevision | undefined;
  /** All recorded revisions, newest last. */
  readonly record: readonly InjectedRevision[];
  readonly recordText: string | undefined;
  /** What stands in `injection-version` and `injection-inputs`. */
  readonly version: string | undefined;
  readonly inputs: string | undefined;
}

/**
 * Takes out what pgusher injected, and the bookkeeping. `before` is the stored object of an UPDATE: its record helps
 * where the request lost its own (`kubectl replace` with the user's file).
 *
 * What is missing is missing: a client-side apply puts atomic lists (args, a hook's command, claim templates) back to
 * the user's. What the user put where ours was (a probe, a port, a variable of that name) is the user's.
 * An object with no trace of ours comes back as it is, so that names of ours in it are seen by the checks. So does one that
 * has the record alone: that stays when the label goes (see uninject.ts), for the revisions that may come back.
 */
export function strip(object: JsonObject, before?: Stripped): Stripped {
  const annotations = objectAt(objectAt(object, 'metadata'), 'annotations');
  const recordText = textAt(annotations, bookkeeping.record);
  const version = textAt(annotations, bookkeeping.version);
  const inputs = textAt(annotations, bookkeeping.inputs);
  const written = { raw: object, recordText, version, inputs };

  // Another record says that it was taken apart before: what a user changed may be in it alone, as their grace period is.
  const isRecordStored = recordText === undefined || recordText === before?.recordText;
  if (before?.injected !== undefined && isRecordStored && sameJson(object['spec'], before.raw['spec'])) {
    const { injected, hash, revision } = before;
    const record = recordText === undefined ? [] : before.record;
    const comparable = { ...object, spec: before.raw['spec'] };
    const user = withoutBookkeeping({ ...object, spec: before.object['spec'] }, annotations, revision);
    return { ...written, comparable, object: user, injected, hash, revision, record };
  }

  const spec = objectAt(object, 'spec');
  const hash = textAt(objectAt(objectAt(objectAt(spec, 'template'), 'metadata'), 'annotations'), bookkeeping.hash);
  const isRecorded = recordText !== undefined && (version !== undefined || inputs !== undefined);
  if (hash === undefined && !isRecorded && before?.injected === undefined) {
    const [user, record] = [withoutBookkeeping(object, annotations, undefined), readRecord(recordText)];
    return { ...written, comparable: object, object: user, injected: undefined, hash, revision: undefined, record };
  }
  const record = before !== undefined && recordText === before.recordText ? before.record : readRecord(recordText);
  // What an undo changes is the template alone. Our own answer, asked about again, brings its bookkeeping.
  const isUndo = recordText === before?.recordText && version === before?.version && inputs === before?.inputs;
  const revision = findRevision(record, before?.record ?? [], hash);
  const { spec: users, plan } = stripSpec(spec, hash, revision, isUndo ? before : undefined);
  const user = withoutBookkeeping(users === spec ? object : { ...object, spec: users }, annotations, revision);
  const injected = hash !== undefined || !isNothing(plan) ? plan : undefined;
  return { ...written, comparable: object, object: user, injected, hash, revision, record };
}

/** `before`: the stored object. What was left to its user when the label went is theirs in older revisions too. */
function stripSpec(
  spec: JsonObject,
  hash: string | undefined,
  revision: InjectedRevision | undefined,
  before: Stripped | undefined,
): { spec: JsonObject; plan: Plan } {
  const template = objectAt(spec, 'template');
  const pod = objectAt(template, 'spec');
  const initContainers = takeOut(pod, 'initContainers', isOurs, revision);
  const volumes = takeOut(initContainers.rest, 'volumes', isOurs, revision);
  const server = stripServer(volumes.rest, revision, before?.object);
  const grace = stripGrace(server.pod, revision);
  const claims = takeOut(spec, 'volumeClaimTemplates', recordedClaims(revision, before), revision);

  let newTemplate = grace.pod === pod ? template : { ...template, spec: grace.pod };
  if (hash !== undefined) newTemplate = withoutHash(newTemplate, revision);
  return {
    spec: newTemplate === template ? claims.rest : { ...claims.rest, template: newTemplate },
    plan: {
      initContainers: initContainers.ours,
      volumes: volumes.ours,
      claimTemplates: claims.ours,
      server: server.change,
      pod: { graceSeconds: grace.seconds },
    },
  };
}

function findRevision(
  record: readonly InjectedRevision[],
  before: readonly InjectedRevision[],
  hash: string | undefined,
): InjectedRevision | undefined {
  const isIt = (revision: InjectedRevision): boolean => revision.hash === hash;
  return record.findLast(isIt) ?? before.findLast(isIt) ?? record.at(-1) ?? before.at(-1);
}

function isOurs(item: JsonObject): boolean {
  return isOurName(nameKey(item));
}

/** By the record, not by the name alone: a claim template stays behind when its set is uninjected, and is the user's then. */
function recordedClaims(
  revision: InjectedRevision | undefined,
  before: Stripped | undefined,
): (item: JsonObject) => boolean {
  const left = new Set(revision?.claimTemplates);
  // One of that name that is ours in the stored object too was not left to anybody; the user's is a second one.
  const ours = new Set(before?.injected?.claimTemplates.map((claim) => claimTemplateKey(claim)));
  for (const claim of objectsAt(objectAt(before?.object, 'spec'), 'volumeClaimTemplates')) {
    const name = claimTemplateKey(claim);
    if (!ours.has(name)) left.delete(name ?? '');
  }
  // Each name once: a second one of that name nobody of us has made.
  return (item) => left.delete(claimTemplateKey(item) ?? '');
}

function stripGrace(
  pod: JsonObject,
  revision: InjectedRevision | undefined,
): { pod: JsonObject; seconds: number | undefined } {
  const grace = revision?.grace;
  const key = 'terminationGracePeriodSeconds';
  if (grace === undefined || pod[key] !== grace.is) return { pod, seconds: undefined };
  return { pod: grace.was === undefined ? without(pod, key) : { ...pod, [key]: grace.was }, seconds: grace.is };
}

function withoutHash(template: JsonObject, revision: InjectedRevision | undefined): JsonObject {
  const metadata = objectAt(template, 'metadata');
  const annotations = without(objectAt(metadata, 'annotations'), bookkeeping.hash);
  const newMetadata = putBack(metadata, 'annotations', annotations, 'template.annotations', revision);
  return putBack(template, 'metadata', newMetadata, 'template.metadata', revision);
}

function withoutBookkeeping(
  object: JsonObject,
  annotations: JsonObject,
  revision: InjectedRevision | undefined,
): JsonObject {
  const names = [bookkeeping.version, bookkeeping.inputs, bookkeeping.record].filter((name) =>
    Object.hasOwn(annotations, name),
  );
  if (names.length === 0) return object;
  const left = names.reduce(without, annotations);
  return {
    ...object,
    metadata: putBack(objectAt(object, 'metadata'), 'annotations', left, 'metadata.annotations', revision),
  };
}

function isNothing(plan: Plan): boolean {
  const { server } = plan;
  const lists = [
    plan.initContainers,
    plan.volumes,
    plan.claimTemplates,
    server?.env,
    server?.replacedEnv,
    server?.volumeMounts,
    server?.args,
    server?.ports,
  ];
  const values = [plan.pod.graceSeconds, server?.startupProbe, server?.readinessProbe, server?.preStop];
  return lists.every((list) => (list?.length ?? 0) === 0) && values.every((value) => value === undefined);
}
