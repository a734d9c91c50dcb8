import { digest } from '../plan/content-hash.ts';
import type { ClusterFacts } from '../workload/cluster-facts.ts';
import { isObject } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import { factKinds } from '../workload/read-facts.ts';
import type { AdmissionContext, AdmissionRequest } from './admission.ts';
import type { Webhook } from './handler.ts';
import { subjectOf } from './subject.ts';

/**
 * What a review asks: two reviews that ask the same have one answer, but for the uid in it. undefined where answering costs less
 * than asking, as for everything that is not managed.
 *
 * A SHA-256, 32 characters of one byte, and not the text of the question: a literal password in a manifest must not stay in memory.
 *
 * Left out is only what no answer depends on: who asks, and what the apiserver writes into each object by itself. That differs from
 * one review of an object to the next (a dry run every few minutes, a webhook that is asked again after another one).
 */
export function questionOf(webhook: Webhook, request: AdmissionRequest, context: AdmissionContext): string | undefined {
  const subject = subjectOf(request);
  if (subject.kind !== 'managed' && subject.kind !== 'released') return undefined;
  const { clusterSettings, policy, withRollout, today } = context;
  const { namespace } = request;
  let text = `${webhook} ${identity(clusterSettings)} ${identity(policy)} ${String(withRollout)} ${today}${counted(namespace)}`;
  const inherited = context.namespaceAnnotations(namespace);
  text += inherited === undefined ? '-' : annotationsText(inherited);
  text += revisions(context.facts, namespace);
  text += objectText(subject.object);
  if (subject.old !== undefined) text += objectText(subject.old);
  return digest(text);
}

/** How often the facts changed that can be found from this namespace, kind by kind. */
function revisions(facts: ClusterFacts, namespace: string): string {
  let text = ` ${identity(facts)}`;
  for (const kind of factKinds) text += ` ${facts[kind].revision(namespace)}`;
  return text;
}

/** Settings and policy are read once and then the same object until the file changes; their content need not be compared. */
function identity(value: object): number {
  const known = identities.get(value);
  if (known !== undefined) return known;
  lastIdentity += 1;
  identities.set(value, lastIdentity);
  return lastIdentity;
}

const identities = new WeakMap<object, number>();
let lastIdentity = 0;

/** A text with its length in front has an end without being quoted. */
function counted(text: string): string {
  return `"${text.length}:${text}`;
}

function objectText(object: JsonObject): string {
  let text = '{';
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (key !== 'status') text += counted(key) + (key === 'metadata' ? metadataText(value) : JSON.stringify(value));
  }
  return `${text}}`;
}

const writtenByApiserver: ReadonlySet<string> = new Set([
  'creationTimestamp',
  'generation',
  'managedFields',
  'resourceVersion',
  'selfLink',
  'uid',
]);

function metadataText(metadata: Json | undefined): string {
  if (!isObject(metadata)) return JSON.stringify(metadata);
  let text = '{';
  for (const key of Object.keys(metadata)) {
    const value = metadata[key];
    if (!writtenByApiserver.has(key)) {
      text +=
        counted(key) + (key === 'annotations' && isObject(value) ? annotationsText(value) : JSON.stringify(value));
    }
  }
  return `${text}}`;
}

/** The manifest as it was applied: as long as all the rest, and nothing here reads it. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

function annotationsText(annotations: JsonObject): string {
  let text = '{';
  for (const name of Object.keys(annotations)) {
    const value = annotations[name];
    text += counted(name);
    if (typeof value !== 'string') text += JSON.stringify(value);
    else if (name !== lastApplied) text += counted(value);
  }
  return `${text}}`;
}
