import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { fieldsOfClient } from '../../scripts/write-fields/fields-of-client.ts';
import type { Verdict } from '../../src/admission/admission.ts';
import { fieldTypes } from '../../src/commands/stateful-set-fields.ts';
import type { ManifestObject } from '../../src/commands/manifest-objects.ts';
import { unknownFields, withUnknownFields } from '../../src/commands/unknown-fields.ts';
import { isObject, textAt } from '../../src/workload/json.ts';
import type { JsonObject } from '../../src/workload/json.ts';

const set = (yaml: string): JsonObject => parse(`apiVersion: apps/v1\nkind: StatefulSet\n${yaml}`) as JsonObject;

describe('fields that a StatefulSet has not', () => {
  test.each([
    [
      'of a container',
      'spec: {template: {spec: {containers: [{name: db, imagePullpolicy: Always}]}}}',
      'spec.template.spec.containers[db].imagePullpolicy',
      'imagePullPolicy',
    ],
    [
      'one level too high',
      'spec: {terminationGracePeriodSeconds: 60}',
      'spec.terminationGracePeriodSeconds',
      undefined,
    ],
    [
      'of a claim template',
      'spec: {volumeClaimTemplates: [{metadata: {name: data}, spec: {accessMode: [ReadWriteOnce]}}]}',
      'spec.volumeClaimTemplates[data].spec.accessMode',
      'accessModes',
    ],
    [
      'of a mount',
      'spec: {template: {spec: {containers: [{name: db, volumeMounts: [{name: d, mountPath: /d, subpath: x}]}]}}}',
      'spec.template.spec.containers[db].volumeMounts[/d].subpath',
      'subPath',
    ],
    ['at the top', 'volumeClaimTemplates: []', 'volumeClaimTemplates', undefined],
  ])('%s', (_where, yaml, field, meant) => {
    expect(unknownFields(set(yaml))).toEqual([{ field, meant }]);
  });

  test("labels, annotations, selectors, resources and null are the owner's", () => {
    const yaml = `metadata: {labels: {a.b/c: d}, annotations: {anything: here}, creationTimestamp: null}
spec: {selector: {matchLabels: {x: y}}, template: {spec: {nodeSelector: {disk: fast}, affinity: null, containers: [{name: db, resources: {limits: {example.com/gpu: 1}}}]}}}
status: {}`;
    expect(unknownFields(set(yaml))).toEqual([]);
  });

  test('the examples have none', () => {
    const root = join(import.meta.dirname, '../..');
    const files = globSync('examples/*.yaml', { cwd: root });
    const found = files.flatMap((file) =>
      parseAllDocuments(readFileSync(join(root, file), 'utf8')).flatMap((document) => {
        const object: unknown = document.toJS();
        return isObject(object) && textAt(object, 'kind') === 'StatefulSet' ? unknownFields(object) : [];
      }),
    );
    expect(files.length).toBeGreaterThan(3);
    expect(found).toEqual([]);
  });

  test('are refused by check, by name, in managed sets alone', () => {
    const object = set('spec: {replica: 1}');
    const where = { object, kind: 'StatefulSet' } as ManifestObject;
    const verdict = { allowed: true, decision: 'injected', findings: [] } as unknown as Verdict;
    expect(withUnknownFields(where, verdict)).toMatchObject({
      allowed: false,
      findings: [
        {
          check: 'unknown-field',
          severity: 'deny',
          field: 'spec.replica',
          message:
            '"replica" is no field here: kubectl refuses it, and else it is dropped; wanted one that Kubernetes has. Did you mean "replicas"?',
        },
      ],
    });
    const other = { ...verdict, decision: 'not-managed' } as unknown as Verdict;
    expect(withUnknownFields(where, other)).toBe(other);
  });

  test('the table is what the installed client has (scripts/write-fields.ts writes it)', () => {
    expect(fieldTypes).toEqual(fieldsOfClient());
  });
});
