import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AdmissionContext, AdmissionRequest, Verdict } from '../../src/admission/admission.ts';
import { mutate } from '../../src/admission/mutate.ts';
import { decodeReview } from '../../src/admission/review.ts';
import { applyOperations } from '../../src/plan/json-patch.ts';
import { version } from '../../src/version.ts';
import { isObject, textAt } from '../../src/workload/json.ts';
import type { Json, JsonObject } from '../../src/workload/json.ts';
import { storedObject } from '../pinning/arbitraries.ts';
import { afterApply, at, edited } from '../pinning/cluster.ts';
import { annotation, file, server, sidecar, template } from '../pinning/database.ts';
import { plainContext, reviewOf } from '../support/review.ts';

/**
 * `reinvocationPolicy: IfNeeded`: the apiserver asks a second time, with the object as we left it and the same stored
 * one, when a webhook behind us changed something.
 */
function requestOf(object: JsonObject, oldObject: JsonObject | undefined): AdmissionRequest {
  const operation = oldObject === undefined ? 'CREATE' : 'UPDATE';
  const decoded = decodeReview(JSON.stringify(reviewOf({ operation, object, oldObject: oldObject ?? null })));
  if (decoded.kind === 'malformed') throw new Error(decoded.message);
  return decoded.request;
}

const pod = [...template, 'spec'];
const escapes = ['managed-label-removed', 'image-family-switch', 'image-os-switch'].map((check): [string, string] => [
  `postgres.io/allow-${check}`,
  'tried here',
]);
const escaped: JsonObject = edited(file, ['metadata', 'annotations'], Object.fromEntries(escapes));

/** One thing that a user does, to the file and then applied, or to the stored object by hand. */
type Edit = readonly [path: readonly string[], value: Json | undefined];
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.constantFrom<Edit>(
    [[...pod, 'terminationGracePeriodSeconds'], 30],
    [[...pod, 'terminationGracePeriodSeconds'], 120],
    [[...pod, 'terminationGracePeriodSeconds'], 600],
    [[...pod, 'terminationGracePeriodSeconds'], undefined],
    [[...server, 'image'], 'postgres:17.7'],
    [[...server, 'image'], 'postgres:17.6'],
    [[...server, 'image'], 'ghcr.io/zalando/spilo-17:4.0-p2'],
    [
      [...server, 'args'],
      ['-c', 'shared_buffers=1GB'],
    ],
    [
      [...server, 'args'],
      ['postgres', '-c', 'work_mem=8MB'],
    ],
    [[...server, 'args'], undefined],
    [
      [...server, 'args'],
      ['-c', 'shared_buffers=1GB', '-c', 'huge_pages=off'],
    ],
    [
      [...server, 'args'],
      ['postgres', '-c', 'huge_pages=off'],
    ],
    [[...server, 'lifecycle'], undefined],
    [[...server, 'lifecycle', 'preStop', 'exec', 'command'], ['/bin/other']],
    [[...server, 'readinessProbe'], { tcpSocket: { port: 5432 } }],
    [[...server, 'readinessProbe'], undefined],
    [[...server, 'ports'], [{ containerPort: 5432, name: 'pg', protocol: 'TCP' }]],
    [[...server, 'resources'], { limits: { memory: '4Gi' } }],
    [[...server, 'env', 'PGDATA'], undefined],
  ),
  fc.constantFrom<Edit>(
    [annotation('stop-grace'), '600'],
    [annotation('stop-grace'), undefined],
    [annotation('backup-keep'), '9'],
    [annotation('backup-keep'), undefined],
    [annotation('probes'), 'off'],
    [annotation('pre-stop'), 'off'],
    [annotation('injection-version'), 'latest'],
    [annotation('injection-version'), undefined],
    [annotation('injection-record'), undefined],
    [annotation('injection-inputs'), '1-0123456789abcdef'],
    [[...template, 'metadata', 'annotations'], undefined],
    [[...template, 'metadata', 'annotations', 'restarted'], 'now'],
    [sidecar, undefined],
    [[...sidecar, 'image'], 'evil:1'],
    [['spec', 'replicas'], 3],
    [['metadata', 'labels', 'team'], 'shop'],
    [['metadata', 'labels', 'postgres.io/managed'], undefined],
    [['metadata', 'labels', 'postgres.io/managed'], 'true'],
  ),
);

interface Step {
  readonly edits: readonly Edit[];
  readonly by: 'apply' | 'replace' | 'hand' | 'undo';
}
const step: fc.Arbitrary<Step> = fc.record({
  edits: fc.array(edit, { minLength: 1, maxLength: 3 }),
  by: fc.constantFrom('apply', 'apply', 'hand', 'hand', 'replace', 'undo'),
});

/** As a version before this one would have left it. */
function byOlderVersion(object: JsonObject): JsonObject {
  const record = textAt(at(object, ['metadata', 'annotations']) as JsonObject, 'postgres.io/injection-record');
  const older = record?.replaceAll(`"version":"${version}"`, '"version":"0.0.9"');
  return edited(edited(object, annotation('injection-record'), older), annotation('injection-version'), '0.0.9');
}

function withoutCause(warning: string): string {
  return warning.replace(/^(restarts the pods): .*$/, '$1');
}

function withEdits(object: JsonObject, edits: readonly Edit[]): JsonObject {
  return edits.reduce((result, [path, value]) => edited(result, path, value), object);
}

test('asked again about what it answered, with the same stored object, it changes nothing and says nothing else', () => {
  const seen = new Map<string, number>();
  const admitTwice = (object: JsonObject, old: JsonObject | undefined, context: AdmissionContext): Verdict => {
    const first = mutate(requestOf(object, old), context);
    if (!first.allowed) return { ...first, object: undefined };
    const result = applyOperations(object, first.operations);
    if (!isObject(result)) throw new Error('the patch gives no object');
    const second = mutate(requestOf(result, old), context);
    expect(second.operations).toEqual([]);
    // Of several causes of a restart the second answer may name another one; all of them are true.
    expect(first.warnings.map(withoutCause)).toEqual(expect.arrayContaining(second.warnings.map(withoutCause)));
    const what = `${first.decision}: ${first.reason}`;
    seen.set(what, (seen.get(what) ?? 0) + 1);
    return first;
  };

  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      fc.boolean(),
      (steps, withRollout, isOlder) => {
        const context = { ...plainContext, withRollout };
        const laterContext = { ...context, clusterSettings: { 'agent-image': 'mirror.example/agent:2' } };
        let users = escaped;
        const created = admitTwice(users, undefined, context).object;
        if (created === undefined) throw new Error('the file is refused');
        let stored = storedObject(isOlder ? byOlderVersion(created) : created);
        const first = stored;
        for (const { edits, by } of steps) {
          users = by === 'hand' || by === 'undo' ? users : withEdits(users, edits);
          const requested = {
            apply: () => afterApply(stored, users),
            replace: () => users,
            hand: () => withEdits(stored, edits),
            undo: () => edited(stored, template, at(first, template)),
          }[by]();
          const verdict = admitTwice(requested, stored, laterContext);
          if (verdict.object === undefined) continue;
          stored = storedObject(verdict.object);
        }
      },
    ),
    { numRuns: 300 },
  );
  expect([...seen.keys()]).toEqual(
    expect.arrayContaining([
      'carried-forward: inputs unchanged',
      'left-alone: image family spilo',
      'rendered: inputs-changed',
      'rendered: latest-requested',
      'rolled-back: rollback',
      'unchanged: inputs unchanged',
      'uninjected: label removed',
    ]),
  );
});
