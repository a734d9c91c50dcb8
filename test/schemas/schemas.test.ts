import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { schemaFiles } from '../../scripts/write-docs/schemas.ts';
import { parseConfiguration } from '../../src/config.ts';
import { readManifests } from '../../src/manifests/read-manifests.ts';
import { annotationsJsonSchema } from '../../src/schemas/annotations.ts';
import { configurationJsonSchema } from '../../src/schemas/configuration.ts';
import { readSettings } from '../../src/workload/read-settings.ts';
import { settingTable } from '../../src/workload/setting-table.ts';

/** What editors are told agrees with the code: a schema refuses nothing that is accepted, and what it can tell it tells. */

const root = join(import.meta.dirname, '../..');
const ajv = new Ajv({ allErrors: true });
const configuration = ajv.compile(configurationJsonSchema());
const annotations = ajv.compile(annotationsJsonSchema());

test.each(schemaFiles)('%s is what the code says; npm run docs writes it', (path, text) => {
  expect(readFileSync(path, 'utf8')).toBe(text);
});

describe('of the config file', () => {
  const takes = (text: string): boolean => configuration(parse(text)) === true;
  const isTaken = (text: string): boolean => parseConfiguration(text).kind === 'configuration';

  test('is content with what the manifests have, also with what is commented out there', () => {
    const [, text = ''] = readFileSync(join(root, 'manifests/base/configuration.yaml'), 'utf8').split(
      'pgusher.yaml: |\n',
    );
    for (const shown of [text, text.replaceAll(/^( *)# (?=[ -]*[a-z-]+:)/gm, '$1')]) {
      expect([takes(shown), isTaken(shown)]).toEqual([true, true]);
    }
    expect(text.replaceAll(/^( *)# (?=[ -]*[a-z-]+:)/gm, '$1')).toContain('\n      exemptions:');
  });

  test.each([
    '',
    'settings: { backup-keep: 14, backup: on, backup-storage-class: fast, agent-port: "9432", allow-fsync-off: why }',
    'checks: { modes: { fsync-off: warn, vct-changed: enforce }, storage-classes: [fast] }',
    'checks: { exemptions: [{ check: fsync-off, namespace: ci, name: scratch, reason: speed, until: 2026-12-31 }] }',
    'with-rollout: true\nsecret-names: true\nlog-level: warn\ndrain-seconds: 3',
  ])('takes %j, as the webhook does', (text) => {
    expect([takes(text), isTaken(text)]).toEqual([true, true]);
  });

  test.each([
    '[]',
    'setings: {}',
    'settings: fast',
    'settings: { backup-kep: 7 }',
    'settings: { backup-keep: 1 }',
    'settings: { backup-keep: 7.5 }',
    'settings: { backup: yes }',
    'settings: { backup: true }',
    'settings: { restore-id: today }',
    'settings: { backup-storage-class: Fast_SSD }',
    'checks: { modes: { fsync-off: maybe } }',
    'checks: { modes: { fsync-of: warn } }',
    'checks: { modes: { vct-changed: off } }',
    'checks: { exemptions: [{ check: vct-changed, namespace: a, reason: b, until: 2027-01-31 }] }',
    'checks: { exemptions: [{ check: fsync-off, namespace: a, reason: "", until: 2027-01-31 }] }',
    'checks: { exemptions: [{ check: fsync-off, namespace: a, reason: b, until: 2027-02-29 }] }',
    'checks: { exemptions: [{ check: fsync-off, reason: b, until: 2027-01-31, nam: x }] }',
    'checks: { storage-classes: [] }',
    'with-rollout: "yes"',
    'drain-seconds: 121',
  ])('refuses %j, as the webhook does', (text) => {
    expect([takes(text), isTaken(text)]).toEqual([false, false]);
  });
});

describe('of the annotations', () => {
  const takes = (name: string, value: unknown, kind = 'StatefulSet'): boolean =>
    annotations({ kind, metadata: { annotations: { [name]: value } } }) === true;

  test('takes every example and every default', () => {
    for (const { name, example, default: text } of settingTable) {
      expect([name, takes(`postgres.io/${name}`, example)]).toEqual([name, true]);
      if (text !== undefined) expect([name, takes(`postgres.io/${name}`, text)]).toEqual([name, true]);
    }
  });

  test('takes what the examples and the fixtures of injections have, and its own output', () => {
    const files = ['examples', 'test/fixtures/injection'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.yaml'))
        .map((file) => join(root, folder, file)),
    );
    expect(files.length).toBeGreaterThan(50);
    const refused = files.flatMap((file) => {
      const read = readManifests(readFileSync(file, 'utf8'));
      if (read.kind === 'unreadable') return [];
      return read.documents.flatMap(({ value }) =>
        annotations(JSON.parse(JSON.stringify(value, unread))) === true
          ? []
          : [`${file}: ${ajv.errorsText(annotations.errors)}`],
      );
    });
    // One example is there to be refused, for this.
    expect(refused).toEqual([expect.stringMatching(/unsafe\/scratch-database\.yaml: .+backup-shedule/)]);
  });

  test.each<[string, unknown, string?]>([
    ['postgres.io/backup-kep', '7'],
    ['postgres.io/allow-fsync-of', 'why'],
    ['postgres.io/allow-fsync-off', ''],
    ['postgres.io/backup-keep', 7],
    ['postgres.io/backup-keep', 'seven'],
    ['postgres.io/backup', true],
    ['postgres.io/backup', 'yes'],
    ['postgres.io/backup-keep-for', '30 days'],
    ['postgres.io/run-as', '0:0'],
    ['postgres.io/restore-id', 'today', 'Namespace'],
  ])('refuses %s: %j', (name, value, kind) => {
    expect(takes(name, value, kind)).toBe(false);
  });

  test('leaves those of others alone', () => {
    expect(takes('postgres.example/backup', 'whatever')).toBe(true);
    expect(takes('kubectl.kubernetes.io/restartedAt', '2026')).toBe(true);
  });

  test('refuses no text that the code takes', () => {
    const definition = fc.constantFrom(...settingTable);
    const near = definition.chain((one) =>
      fc.tuple(
        fc.constant(one),
        fc.oneof(
          fc.string(),
          fc.integer().map(String),
          fc.constantFrom(
            ...settingTable.map(({ example }) => example),
            'on',
            'off',
            'auto',
            'none',
            'latest',
            '/data',
          ),
          fc
            .tuple(fc.constant(one.example), fc.nat(40), fc.constantFrom('', 'a', '9', '-', '.', '/', ':'))
            .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + 1)),
        ),
      ),
    );
    fc.assert(
      fc.property(near, ([{ name }, value]) => {
        const text = value.trim();
        const { problems } = readSettings({ statefulset: { [`postgres.io/${name}`]: text } });
        const isTaken = problems.every(({ kind }) => kind === 'conflict');
        expect(isTaken && !takes(`postgres.io/${name}`, text)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});

/** Integers of any size are read as such. */
function unread(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}
