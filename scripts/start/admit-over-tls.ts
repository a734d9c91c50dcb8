import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { ManifestObject } from '../../src/commands/manifest-objects.ts';
import { createRequest } from '../../src/commands/offline-admission.ts';
import { applyOperations } from '../../src/plan/json-patch.ts';
import type { Operation } from '../../src/plan/json-patch.ts';
import { isObject } from '../../src/workload/json.ts';
import type { Json, JsonObject } from '../../src/workload/json.ts';

/** What the webhook answered, in the terms of a person. */
export interface TlsAnswer {
  readonly isAllowed: boolean;
  /** The denial, or the warnings. */
  readonly messages: readonly string[];
  readonly operations: readonly Operation[];
  /** The object after the patch; the input where it was refused. */
  readonly object: JsonObject;
  readonly milliseconds: number;
}

interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** PEM of the CA that is trusted, and no other. */
  readonly authority: string;
}

const review = z.object({
  response: z.object({
    uid: z.string(),
    allowed: z.boolean(),
    status: z.object({ message: z.string() }).optional(),
    warnings: z.array(z.string()).default([]),
    patch: z.base64().optional(),
  }),
});

const patch = z.array(
  z.union([
    z.object({
      op: z.enum(['add', 'replace']),
      path: z.string(),
      value: z.custom<Json>((value) => value !== undefined),
    }),
    z.object({ op: z.literal('remove'), path: z.string() }),
  ]),
);

/** Does what an apiserver does on `kubectl create`: /mutate, the patch, /validate with what became of the object. */
export async function admitOverTls(example: ManifestObject, endpoint: Endpoint): Promise<TlsAnswer> {
  const started = performance.now();
  const mutated = await post('/mutate', example, example.object, endpoint);
  const operations = patch.parse(JSON.parse(Buffer.from(mutated.patch ?? '', 'base64').toString() || '[]'));
  const object = mutated.allowed ? objectOf(applyOperations(example.object, operations)) : example.object;
  const validated = mutated.allowed ? await post('/validate', example, object, endpoint) : mutated;
  const denial = validated.status?.message;
  return {
    isAllowed: validated.allowed,
    messages: validated.allowed
      ? [...new Set([...mutated.warnings, ...validated.warnings])]
      : [denial ?? 'refused without a reason'],
    operations,
    object,
    milliseconds: performance.now() - started,
  };
}

async function post(path: string, example: ManifestObject, object: JsonObject, { host, port, authority }: Endpoint) {
  const { kind, operation, namespace, name } = createRequest(example);
  const uid = crypto.randomUUID();
  const resource = { group: kind.group, version: kind.version, resource: `${kind.kind.toLowerCase()}s` };
  const body = JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid,
      kind,
      resource,
      operation,
      namespace,
      name,
      userInfo: { username: 'npm start' },
      dryRun: true,
      object,
      oldObject: null,
    },
  });
  const answer = await new Promise<string>((resolve, reject) => {
    const call = request(
      { host, port, path, method: 'POST', ca: authority, headers: { 'content-type': 'application/json' } },
      (response) => {
        text(response).then(resolve, reject);
      },
    );
    call.on('error', reject);
    call.end(body);
  });
  const { response } = review.parse(JSON.parse(answer));
  if (response.uid !== uid) throw new Error(`${path} answered another request than it was asked`);
  return response;
}

function objectOf(value: Json): JsonObject {
  if (!isObject(value)) throw new Error('the patch left no object');
  return value;
}
