import { describe, expect, test } from 'vitest';
import type { AdmissionContext, AdmissionRequest, Verdict } from '../../src/admission/admission.ts';
import { mutate } from '../../src/admission/mutate.ts';
import { decodeReview } from '../../src/admission/review.ts';
import { validate } from '../../src/admission/validate.ts';
import { applyOperations } from '../../src/plan/json-patch.ts';
import { objectAt, objectsAt, textAt } from '../../src/workload/json.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { edited } from '../pinning/cluster.ts';
import { managedSet, plainContext, reviewOf } from '../support/review.ts';
import type { ReviewParts } from '../support/review.ts';

function requestOf(parts: ReviewParts): AdmissionRequest {
  const decoded = decodeReview(JSON.stringify(reviewOf(parts)));
  if (decoded.kind === 'malformed') throw new Error(decoded.message);
  return decoded.request;
}

function mutated(parts: ReviewParts, context: AdmissionContext = plainContext): Verdict {
  return mutate(requestOf(parts), context);
}

function update(oldObject: JsonObject, object: JsonObject, context?: AdmissionContext): Verdict {
  return mutated({ operation: 'UPDATE', object, oldObject }, context);
}

function stored(object: JsonObject = managedSet(), context?: AdmissionContext): JsonObject {
  const verdict = mutated({ object }, context);
  if (verdict.object === undefined || !verdict.allowed) throw new Error('not admitted');
  return verdict.object;
}

const initContainers = (object: JsonObject | undefined): readonly (string | undefined)[] =>
  objectsAt(objectAt(objectAt(objectAt(object, 'spec'), 'template'), 'spec'), 'initContainers').map((container) =>
    textAt(container, 'name'),
  );
const injected = ['pgusher-backup', 'pgusher-restore', 'pgusher-initdb'];
const ids = (verdict: Verdict): readonly string[] =>
  verdict.findings.map(({ severity, check }) => `${severity}:${check}`);
const password = { name: 'POSTGRES_PASSWORD', value: 'not-a-secret' };

describe('a port of another type than it has is refused with its field, not an error of ours', () => {
  const ports = ['spec', 'template', 'spec', 'containers', 'postgres', 'ports'];
  test.each<[string, JsonObject]>([
    ['containerPort as text', { containerPort: '5432' }],
    ['the injected port with its number as text', { name: 'postgres', containerPort: '5432', protocol: 'TCP' }],
    ['protocol as a number', { containerPort: 5432, protocol: 6 }],
  ])('%s', (_, port) => {
    for (const verdict of [
      mutated({ object: edited(stored(), ports, [port]) }),
      update(stored(), edited(stored(), ports, [port])),
    ]) {
      expect(ids(verdict)).toContain('deny:unreadable-field');
      expect(verdict.findings[0]?.field).toMatch(/^spec\.template\.spec\.containers\[postgres\]\.ports\[/);
    }
  });
});

describe('let through, untouched', () => {
  const managed = managedSet();
  test.each<[string, ReviewParts, Partial<Verdict>]>([
    [
      'DELETE with a null object',
      { operation: 'DELETE', object: null, oldObject: managedSet({ labels: {} }) },
      { decision: 'not-ours', reason: 'no label' },
    ],
    ['CONNECT', { operation: 'CONNECT', object: null }, { decision: 'not-ours', reason: 'CONNECT' }],
    [
      'the sub-resource scale of another kind',
      {
        operation: 'UPDATE',
        oldObject: managed,
        request: { subResource: 'scale', resource: { group: 'apps', version: 'v1', resource: 'deployments' } },
      },
      { decision: 'not-ours', reason: 'sub-resource scale' },
    ],
    [
      'the sub-resource status',
      { operation: 'UPDATE', oldObject: managed, request: { subResource: 'status' } },
      { decision: 'not-ours', reason: 'sub-resource status' },
    ],
    [
      'an object that is going away, whatever it is',
      {
        operation: 'UPDATE',
        oldObject: managed,
        object: managedSet({ env: [password], metadata: { deletionTimestamp: '2026-11-21T06:00:00Z' } }),
      },
      { decision: 'not-ours', reason: 'being deleted' },
    ],
    [
      'another kind',
      { kind: { group: '', version: 'v1', kind: 'ConfigMap' } },
      { decision: 'not-ours', reason: 'kind ConfigMap' },
    ],
    [
      'a StatefulSet of another group',
      { kind: { group: 'example.com', version: 'v1', kind: 'StatefulSet' } },
      { decision: 'not-ours', reason: 'kind StatefulSet' },
    ],
    ['no label', { object: managedSet({ labels: {} }) }, { decision: 'not-managed', reason: 'no label' }],
    ['no labels at all', { object: { metadata: { name: 'x' } } }, { decision: 'not-managed', reason: 'no label' }],
    ['an empty object', { object: {} }, { decision: 'not-managed', reason: 'no label' }],
    [
      'a pod of a managed set, which carries the label of its template',
      {
        kind: { group: '', version: 'v1', kind: 'Pod' },
        object: {
          metadata: {
            labels: { 'postgres.io/managed': 'true' },
            ownerReferences: [{ kind: 'StatefulSet', controller: true }],
          },
        },
      },
      { decision: 'not-ours', reason: 'kind Pod' },
    ],
  ])('%s', (_name, parts, expected) => {
    const verdict = mutated(parts);
    expect(verdict).toMatchObject({ allowed: true, operations: [], findings: [], ...expected });
    expect(validate(requestOf(parts), plainContext)).toMatchObject({
      allowed: true,
      operations: [],
      findings: [],
      ...expected,
    });
  });

  test('a label that is no text is refused, as the apiserver will', () => {
    const unquoted = managedSet({ labels: { 'postgres.io/managed': true } });
    expect(ids(mutated({ object: unquoted }))).toEqual(['deny:managed-label-value']);
    expect(validate(requestOf({ object: unquoted }), plainContext)).toMatchObject({ allowed: false });
  });

  test('another value of the label is said', () => {
    const verdict = mutated({ object: managedSet({ labels: { 'postgres.io/managed': 'yes' } }) });
    expect(verdict).toMatchObject({ decision: 'not-managed', reason: 'label value', allowed: true, operations: [] });
    expect(verdict.findings).toEqual([
      {
        check: 'managed-label-value',
        severity: 'warn',
        field: 'metadata.labels[postgres.io/managed]',
        message:
          'the label is "yes", so nothing is injected; wanted "true". Write postgres.io/managed: "true", or remove it.',
      },
    ]);
  });
});

describe.each(['Deployment', 'ReplicaSet', 'DaemonSet', 'Pod'])(
  'the label on a %s, which cannot be protected',
  (name) => {
    const labelled = { metadata: { labels: { 'postgres.io/managed': 'true' } } };
    const message = `the label is on a ${name}, which pgusher cannot protect; wanted a StatefulSet with a volumeClaimTemplate. Move the database to one, or remove the label.`;
    const kind = { group: name === 'Pod' ? '' : 'apps', version: 'v1', kind: name };

    test('is refused where it is new', () => {
      const verdict = mutated({ kind, object: labelled });
      expect(verdict).toMatchObject({ decision: 'denied', allowed: false, reason: 'not-a-statefulset' });
      expect(verdict.findings).toEqual([
        { check: 'not-a-statefulset', severity: 'deny', field: 'metadata.labels[postgres.io/managed]', message },
      ]);
      expect(mutated({ kind, operation: 'UPDATE', object: labelled, oldObject: { metadata: {} } }).allowed).toBe(false);
    });

    test('is only warned about where it was there before, so that it can be scaled down', () => {
      const verdict = mutated({ kind, operation: 'UPDATE', object: labelled, oldObject: labelled });
      expect(verdict).toMatchObject({ decision: 'not-ours', allowed: true, operations: [] });
      expect(ids(verdict)).toEqual(['warn:not-a-statefulset']);
    });
  },
);

describe('a managed StatefulSet', () => {
  test('is rendered on CREATE, by a patch that gives the object of the verdict', () => {
    const object = managedSet();
    const verdict = mutated({ object });
    expect(verdict).toMatchObject({ decision: 'rendered', reason: 'create', allowed: true, findings: [] });
    expect(applyOperations(object, verdict.operations)).toEqual(verdict.object);
    expect(initContainers(verdict.object)).toEqual(injected);
    expect(verdict.reasons.map(({ injection }) => injection)).toContain('backup-sidecar');
    expect(verdict.revision).toMatch(/^[0-9a-f]{10,}$/);
  });

  test('admitted again it is unchanged', () => {
    expect(mutated({ object: stored() })).toMatchObject({ decision: 'unchanged', operations: [] });
    expect(update(stored(), stored())).toMatchObject({ decision: 'unchanged', operations: [], warnings: [] });
  });

  test('an edit that changes nothing that matters carries the injected parts forward', () => {
    const before = stored();
    const verdict = update(before, managedSet({ labels: { 'postgres.io/managed': 'true', team: 'payments' } }));
    expect(verdict).toMatchObject({ decision: 'carried-forward', reason: 'inputs unchanged', allowed: true });
    expect(objectAt(verdict.object, 'spec')).toEqual(objectAt(before, 'spec'));
  });

  test('a new image renders anew and says that pods restart', () => {
    const verdict = update(stored(), managedSet({ image: 'postgres:17.7-bookworm' }));
    expect(verdict).toMatchObject({ decision: 'rendered', reason: 'inputs-changed' });
    expect(verdict.warnings[0]).toMatch(/^restarts the pods: /);
  });

  test('is refused with all findings at once', () => {
    const verdict = mutated({
      object: managedSet({ env: [password], args: ['-c', 'fsync=off'], image: 'postgres:latest' }),
    });
    expect(verdict).toMatchObject({ decision: 'denied', allowed: false, operations: [] });
    expect(ids(verdict)).toEqual(
      expect.arrayContaining(['deny:plaintext-password', 'deny:fsync-off', 'deny:image-latest']),
    );
    expect(verdict.reason.split(',')).toHaveLength(ids(verdict).filter((id) => id.startsWith('deny')).length);
  });

  test('what it had before is only warned about; labelling is the moment to refuse', () => {
    const unsafe = managedSet({ args: ['-c', 'fsync=off'] });
    const unlabelled = managedSet({ args: ['-c', 'fsync=off'], labels: {} });
    expect(update(unlabelled, unsafe)).toMatchObject({ decision: 'denied', reason: 'fsync-off' });
    const admittedBefore = update(unsafe, {
      ...unsafe,
      metadata: { ...objectAt(unsafe, 'metadata'), finalizers: ['a/b'] },
    });
    expect(admittedBefore.allowed).toBe(true);
    expect(ids(admittedBefore)).toContain('warn:fsync-off');
  });

  test('adopted on UPDATE it gets no claim template and keeps its PGDATA', () => {
    const verdict = update(managedSet({ labels: {} }), managedSet());
    expect(verdict).toMatchObject({ decision: 'rendered', reason: 'adopted', allowed: true });
    const claims = objectsAt(objectAt(verdict.object, 'spec'), 'volumeClaimTemplates');
    expect(claims.map((claim) => textAt(objectAt(claim, 'metadata'), 'name'))).toEqual(['data']);
  });

  test('an image that manages Postgres by itself is let through with a warning', () => {
    const verdict = mutated({ object: managedSet({ image: 'ghcr.io/zalando/spilo-17:4.0-p2' }) });
    expect(verdict).toMatchObject({
      decision: 'left-alone',
      reason: 'image family spilo',
      allowed: true,
      operations: [],
    });
    expect(ids(verdict)).toEqual(['warn:left-alone-image']);
  });

  test('a Postgres container without a name is left to the apiserver, which refuses it', () => {
    const text = JSON.stringify(managedSet()).replace('"name":"postgres",', '');
    const parts = { request: { object: JSON.parse(text) as JsonObject } };
    expect(mutated(parts)).toMatchObject({ decision: 'left-alone', allowed: true, operations: [] });
    expect(validate(requestOf(parts), plainContext)).toMatchObject({ decision: 'accepted', allowed: true });
  });

  test('settings come from the cluster, the namespace and the set, the last one wins', () => {
    const agentImage = (verdict: Verdict): string | undefined =>
      textAt(
        objectsAt(objectAt(objectAt(objectAt(verdict.object, 'spec'), 'template'), 'spec'), 'initContainers')[0],
        'image',
      );
    const cluster = { ...plainContext, clusterSettings: { 'agent-image': 'mirror/agent:1' } };
    const namespace: AdmissionContext = {
      ...cluster,
      namespaceAnnotations: (name) => (name === 'shop' ? { 'postgres.io/agent-image': 'mirror/agent:2' } : undefined),
    };
    const own = managedSet({ annotations: { 'postgres.io/agent-image': 'mirror/agent:3' } });
    expect(agentImage(mutated({}, cluster))).toBe('mirror/agent:1');
    expect(agentImage(mutated({}, namespace))).toBe('mirror/agent:2');
    expect(agentImage(mutated({ object: own }, namespace))).toBe('mirror/agent:3');
  });

  test('a dry run is decided like any other', () => {
    const { object } = mutated({ request: { dryRun: true } });
    expect(object).toEqual(stored());
  });

  test('with generateName there is no name yet, and so no place for backups', () => {
    const object = managedSet({ metadata: { name: undefined, generateName: 'orders-' } });
    expect(ids(mutated({ object, request: { name: '' } }))).toEqual(['deny:generated-name']);
  });
});

describe('the label taken away', () => {
  const bare = managedSet({ labels: {} });
  const escaped = managedSet({
    labels: {},
    annotations: { 'postgres.io/allow-managed-label-removed': 'moves to RDS' },
  });

  test('is refused, by both webhooks', () => {
    const parts = { operation: 'UPDATE', oldObject: stored(), object: bare };
    expect(ids(mutated(parts))).toEqual(['deny:managed-label-removed']);
    expect(validate(requestOf(parts), plainContext)).toMatchObject({ decision: 'denied', allowed: false });
  });

  test('with its escape everything is taken out but the claim template, which cannot be', () => {
    const before = stored();
    const spec = objectAt(before, 'spec');
    const object = { ...before, metadata: { ...objectAt(before, 'metadata'), ...objectAt(escaped, 'metadata') } };
    const verdict = update(before, object);
    expect(verdict).toMatchObject({ decision: 'uninjected', reason: 'label removed', allowed: true });
    expect(ids(verdict)).toEqual(['warn:managed-label-removed']);
    expect(applyOperations(object, verdict.operations)).toEqual(verdict.object);
    expect(initContainers(verdict.object)).toEqual([]);
    expect(objectAt(verdict.object, 'spec')['volumeClaimTemplates']).toEqual(spec['volumeClaimTemplates']);
    expect(verdict.warnings).toEqual(['the label is gone: what pgusher injected is taken out; this restarts the pods']);
    expect(
      validate(requestOf({ operation: 'UPDATE', oldObject: before, object: verdict.object ?? null }), plainContext),
    ).toMatchObject({
      decision: 'accepted',
      allowed: true,
    });
  });
});

describe('PGDATA that pgusher wrote', () => {
  const secret = { name: 'POSTGRES_PASSWORD', valueFrom: { secretKeyRef: { name: 'orders', key: 'password' } } };
  const pgdata = { name: 'PGDATA', value: '/var/lib/postgresql/data/pgdata' };
  const without = managedSet({ env: [secret] });
  const stays =
    'PGDATA=/var/lib/postgresql/data/pgdata stays, since the database is there; write it into your manifest';
  const envOf = (object: JsonObject | undefined): readonly JsonObject[] =>
    objectsAt(objectsAt(objectAt(objectAt(objectAt(object, 'spec'), 'template'), 'spec'), 'containers')[0], 'env');
  const unlabelled = { labels: {}, annotations: { 'postgres.io/allow-managed-label-removed': 'moves to RDS' } };

  test.each([
    ['the user’s file, without PGDATA', managedSet({ ...unlabelled, env: [secret] })],
    ['the user’s file, with our PGDATA in it', managedSet({ ...unlabelled, env: [secret, pgdata] })],
  ])('stays when the label goes, and it is said: %s', (_, object) => {
    const verdict = update(stored(without), object);
    expect(verdict).toMatchObject({ decision: 'uninjected', allowed: true });
    expect(envOf(verdict.object)).toEqual([secret, pgdata]);
    expect(verdict.warnings).toContain(stays);
    expect(update(stored(without), verdict.object ?? {}).operations).toEqual([]);
  });

  test('stays where another image, which is left alone, takes the place of ours', () => {
    const image = 'ghcr.io/zalando/spilo-17:4.0-p2';
    const annotations = {
      'postgres.io/allow-image-family-switch': 'moves to spilo',
      'postgres.io/allow-image-os-switch': 'moves to spilo',
    };
    const verdict = update(stored(without), managedSet({ image, annotations, env: [secret] }));
    expect(verdict).toMatchObject({ decision: 'left-alone', allowed: true, warnings: [stays] });
    expect(initContainers(verdict.object)).toEqual([]);
    expect(envOf(verdict.object)).toEqual([secret, pgdata]);
  });
});

describe('/validate looks at the final object', () => {
  const validated = (parts: ReviewParts): Verdict => validate(requestOf(parts), plainContext);
  const podOf = (object: JsonObject): JsonObject => objectAt(objectAt(objectAt(object, 'spec'), 'template'), 'spec');
  const withPod = (object: JsonObject, pod: JsonObject): JsonObject => {
    const spec = objectAt(object, 'spec');
    return {
      ...object,
      spec: { ...spec, template: { ...objectAt(spec, 'template'), spec: { ...podOf(object), ...pod } } },
    };
  };
  const withFirst = (object: JsonObject, more: JsonObject): JsonObject => {
    const [first, ...others] = objectsAt(podOf(object), 'initContainers');
    return withPod(object, { initContainers: [{ ...first, ...more }, ...others] });
  };

  test('and accepts what /mutate made, with its revision', () => {
    const object = stored();
    const { revision } = mutated({});
    expect(validated({ object })).toMatchObject({ decision: 'accepted', allowed: true, findings: [], revision });
    expect(validated({ operation: 'UPDATE', object, oldObject: object })).toMatchObject({
      decision: 'accepted',
      findings: [],
    });
  });

  test('refuses what a check refuses', () => {
    expect(ids(validated({ object: managedSet({ env: [password] }) }))).toContain('deny:plaintext-password');
  });

  test('refuses an injected part that was taken out behind /mutate', () => {
    const [backup, , initdb] = objectsAt(podOf(stored()), 'initContainers');
    const verdict = validated({ object: withPod(stored(), { initContainers: [backup ?? {}, initdb ?? {}] }) });
    expect(verdict).toMatchObject({ decision: 'denied', reason: 'injection-missing' });
    expect(verdict.findings).toEqual([
      {
        check: 'injection-missing',
        severity: 'deny',
        field: 'spec.template',
        message:
          'init container pgusher-restore is missing or not as pgusher injected it; wanted it untouched. Another webhook changes it behind pgusher: exempt the set there.',
      },
    ]);
  });

  test('refuses an injected part that was edited', () => {
    const verdict = validated({ object: withFirst(stored(), { image: 'evil:1' }) });
    expect(ids(verdict)).toEqual(['deny:injection-missing']);
    expect(verdict.findings[0]).toMatchObject({
      field: 'spec.template.spec.initContainers[pgusher-backup].image',
      message: expect.stringMatching(/^it is "evil:1", and pgusher injected/) as string,
    });
  });

  test('refuses a mount of ours that lost its name, and does not fail on where it would put ours', () => {
    const object = stored();
    const [server = {}] = objectsAt(podOf(object), 'containers');
    const mounts = objectsAt(server, 'volumeMounts').map(({ name, mountPath }) =>
      mountPath === '/pgusher' ? { mountPath } : { name, mountPath },
    );
    const verdict = validated({ object: withPod(object, { containers: [{ ...server, volumeMounts: mounts }] }) });
    expect(ids(verdict)).toEqual(['deny:reserved-container-name']);
  });

  test('takes additions to an injected part: a default that we do not know, a variable of another webhook', () => {
    expect(validated({ object: withFirst(stored(), { newDefault: 'x' }) })).toMatchObject({
      allowed: true,
      findings: [],
    });
  });

  test('takes parts that the stored object had in just that form', () => {
    const oldObject = withFirst(stored(), { image: 'pinned-long-ago:1' });
    const object = mutated({ operation: 'UPDATE', oldObject, object: oldObject }).object ?? null;
    expect(validated({ operation: 'UPDATE', oldObject, object })).toMatchObject({ allowed: true, findings: [] });
  });

  test('leaves the judgement of parts of another version to that version', () => {
    const other = withFirst(stored(), { image: 'edited:1' });
    const metadata = objectAt(other, 'metadata');
    const annotations = { ...objectAt(metadata, 'annotations'), 'postgres.io/injection-version': '9.9.9' };
    expect(validated({ object: { ...other, metadata: { ...metadata, annotations } } })).toMatchObject({
      allowed: true,
    });
  });

  test('warns where nothing was ever injected, refuses where it is gone', () => {
    expect(ids(validated({}))).toEqual(['warn:injection-missing']);
    const verdict = validated({ operation: 'UPDATE', oldObject: stored(), object: managedSet() });
    expect(ids(verdict)).toEqual(['deny:injection-missing']);
  });
});
