import { isObject, objectAt, textAt } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import type { AdmissionRequest } from './admission.ts';
import { readJson } from './read-json.ts';

/** `message` is one line: what is wrong and what was wanted. Malformed is the sender's fault: HTTP 400. */
export type DecodedReview =
  | { readonly kind: 'review'; readonly request: AdmissionRequest }
  | { readonly kind: 'malformed'; readonly message: string };

const operations = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] as const;

class MalformedReview extends Error {}

/**
 * The body of a POST from kube-apiserver to what the core needs of it. The envelope is checked; the objects are left as they
 * are (they are defaulted but not yet validated, and may hold anything).
 */
export function decodeReview(text: string): DecodedReview {
  const read = readJson(text);
  if (read.kind === 'not-json') return { kind: 'malformed', message: `the body ${read.message}` };
  try {
    return { kind: 'review', request: decodeEnvelope(read.value) };
  } catch (error) {
    if (error instanceof MalformedReview) return { kind: 'malformed', message: error.message };
    throw error;
  }
}

function decodeEnvelope(review: unknown): AdmissionRequest {
  if (!isObject(review)) throw new MalformedReview(`the body is ${nameOf(review)}; wanted an AdmissionReview`);
  wanted(review, 'kind', 'AdmissionReview');
  wanted(review, 'apiVersion', 'admission.k8s.io/v1');
  const request = own(review, 'request');
  if (!isObject(request)) throw new MalformedReview(`request is ${nameOf(request)}; wanted an object`);

  const uid = requiredText(request, 'uid');
  const operation = operationOf(request);
  const kind = own(request, 'kind');
  if (!isObject(kind)) {
    throw new MalformedReview(`request.kind is ${nameOf(kind)}; wanted an object with group, version and kind`);
  }
  const object = optionalObject(request, 'object');
  const oldObject = optionalObject(request, 'oldObject');
  if (object === undefined && (operation === 'CREATE' || operation === 'UPDATE')) {
    throw new MalformedReview(`request.object is ${nameOf(own(request, 'object'))}; ${operation} needs the object`);
  }
  if (oldObject === undefined && operation === 'UPDATE') {
    throw new MalformedReview(`request.oldObject is ${nameOf(own(request, 'oldObject'))}; UPDATE needs the old object`);
  }
  return {
    uid,
    operation,
    kind: {
      group: optionalText(kind, 'group'),
      version: optionalText(kind, 'version'),
      kind: requiredText(kind, 'kind'),
    },
    resource: {
      group: textAt(objectAt(request, 'resource'), 'group') ?? '',
      resource: textAt(objectAt(request, 'resource'), 'resource') ?? '',
    },
    subResource: optionalText(request, 'subResource'),
    namespace: optionalText(request, 'namespace'),
    name: optionalText(request, 'name'),
    user: textAt(objectAt(request, 'userInfo'), 'username') ?? '',
    dryRun: own(request, 'dryRun') === true,
    orphans: operation === 'DELETE' && isOrphaning(objectAt(request, 'options')),
    object,
    oldObject,
  };
}

/** DeleteOptions; `orphanDependents` is the older form of the same. */
function isOrphaning(options: JsonObject): boolean {
  return options['propagationPolicy'] === 'Orphan' || options['orphanDependents'] === true;
}

function own(parent: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(parent, key) ? parent[key] : undefined;
}

function wanted(review: JsonObject, key: string, value: string): void {
  const seen = own(review, key);
  if (seen !== value) throw new MalformedReview(`${key} is ${nameOf(seen)}; wanted "${value}"`);
}

function operationOf(request: JsonObject): AdmissionRequest['operation'] {
  const seen = own(request, 'operation');
  const operation = operations.find((candidate) => candidate === seen);
  if (operation === undefined) {
    throw new MalformedReview(`request.operation is ${nameOf(seen)}; wanted ${operations.join(', ')}`);
  }
  return operation;
}

function requiredText(parent: JsonObject, key: 'uid' | 'kind'): string {
  const value = own(parent, key);
  if (typeof value === 'string' && value !== '') return value;
  const path = key === 'uid' ? 'request.uid' : 'request.kind.kind';
  throw new MalformedReview(`${path} is ${nameOf(value)}; wanted a text that is not empty`);
}

/** Absent and null mean empty: Go leaves empty fields out. */
function optionalText(parent: JsonObject, key: string): string {
  const value = own(parent, key);
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  throw new MalformedReview(`${key} in request is ${nameOf(value)}; wanted a text`);
}

/** null on DELETE (`object`) and on CREATE (`oldObject`); the apiserver writes it out. */
function optionalObject(parent: JsonObject, key: 'object' | 'oldObject'): JsonObject | undefined {
  const value = own(parent, key);
  if (value === undefined || value === null) return undefined;
  if (isObject(value)) return value;
  throw new MalformedReview(`request.${key} is ${nameOf(value)}; wanted an object`);
}

/** What was seen, short enough for one line; never the content of an object. */
function nameOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (Array.isArray(value)) return 'a list';
  if (isObject(value)) return 'an object';
  return typeof value === 'boolean' ? String(value) : 'a number';
}
