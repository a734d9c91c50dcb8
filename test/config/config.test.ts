import { describe, expect, test } from 'vitest';
import { parseConfiguration } from '../../src/config.ts';
import { defaultConfiguration } from '../../src/configuration.ts';

test('an empty file is the default', () => {
  expect(parseConfiguration('')).toEqual({ kind: 'configuration', configuration: defaultConfiguration });
  expect(parseConfiguration('# only a comment\n')).toEqual({
    kind: 'configuration',
    configuration: defaultConfiguration,
  });
  expect(defaultConfiguration).toEqual({
    settings: {},
    policy: { modes: new Map(), exemptions: [], storageClasses: undefined },
    withRollout: false,
    secretNames: false,
    logLevel: 'info',
    drainAnnounce: 10_000,
  });
});

test('everything that can be said', () => {
  const text = `
settings:
  backup-keep: 14
  backup: on
  backup-storage-class: fast
checks:
  modes:
    backup-destination-missing: enforce
    image-latest: warn
    image-major-only: off
  exemptions:
    - check: pgdata-emptydir
      namespace: playground
      reason: throw-away databases of the test suite
      until: 2027-01-31
    - { check: fsync-off, namespace: ci, name: scratch, reason: speed, until: '2026-12-31' }
  storage-classes: [fast, standard]
with-rollout: true
secret-names: true
log-level: warn
drain-seconds: 3
`;
  expect(parseConfiguration(text)).toEqual({
    kind: 'configuration',
    configuration: {
      settings: { 'backup-keep': '14', backup: 'on', 'backup-storage-class': 'fast' },
      policy: {
        modes: new Map([
          ['backup-destination-missing', 'enforce'],
          ['image-latest', 'warn'],
          ['image-major-only', 'off'],
        ]),
        exemptions: [
          {
            check: 'pgdata-emptydir',
            namespace: 'playground',
            name: undefined,
            reason: 'throw-away databases of the test suite',
            until: '2027-01-31',
          },
          { check: 'fsync-off', namespace: 'ci', name: 'scratch', reason: 'speed', until: '2026-12-31' },
        ],
        storageClasses: ['fast', 'standard'],
      },
      withRollout: true,
      secretNames: true,
      logLevel: 'warn',
      drainAnnounce: 3000,
    },
  });
});

describe('what cannot be used is told with its place, all of it', () => {
  test.each<[string, readonly string[]]>([
    ['[]', ['the file is []; wanted a map of settings, checks, with-rollout, secret-names, log-level, drain-seconds']],
    ['a: [', ['Flow sequence in block collection must be sufficiently indented and end with a ]']],
    [
      'setings: {}',
      ['setings is not known; wanted settings, checks, with-rollout, secret-names, log-level, drain-seconds'],
    ],
    ['settings: fast', ['settings is "fast"; wanted a map from setting to value']],
    ['settings: { backup: { on: true } }', ['settings.backup is {"on":true}; wanted text']],
    ['settings: { backup-kep: 7 }', ['settings.backup-kep is not known; did you mean backup-keep?']],
    ['settings: { zebra: 7 }', ['settings.zebra is not known; docs/settings.md lists them']],
    ['settings: { backup-keep: 1 }', ['settings.backup-keep is "1"; wanted a whole number from 2 to 1000']],
    ['checks: { modes: { fsync-off: maybe } }', ['checks.modes.fsync-off is "maybe"; wanted enforce, warn or off']],
    [
      'checks: { modes: { unknown-annotation: warn, vct-changed: off, image-unknown: enforce } }',
      [
        'checks.modes names the check "unknown-annotation", which has no escape: removing the annotation is as short as writing an escape. Wanted enforce, or no entry.',
        'checks.modes names the check "vct-changed", which has no escape: Kubernetes refuses the change whatever we say. Wanted enforce, or no entry.',
      ],
    ],
    [
      'checks: { exemptions: [{ check: reserved-container-name, namespace: a, reason: b, until: 2027-01-31 }] }',
      [
        'checks.exemptions.0.check names the check "reserved-container-name", which has no escape: two things of one name cannot both be in a pod. Wanted no exemption of it.',
      ],
    ],
    ['checks: { mode: {} }', ['checks.mode is not known; wanted modes, exemptions, storage-classes']],
    [
      'checks: { storage-classes: fast-ssd }',
      ['checks.storage-classes is "fast-ssd"; wanted a list of names of storage classes'],
    ],
    [
      'checks: { storage-classes: [] }',
      ['checks.storage-classes is []; wanted at least one name, or no list where all are allowed'],
    ],
    [
      'settings: { backup-storage-class: bulk }\nchecks: { storage-classes: [fast-ssd, standard] }',
      ['settings.backup-storage-class is "bulk"; wanted one of checks.storage-classes: fast-ssd, standard'],
    ],
    [
      'checks: { modes: { fsync-of: warn } }',
      ['checks.modes names the check "fsync-of", which is not known; did you mean fsync-off?'],
    ],
    [
      'checks: { exemptions: [{ check: fsync-off, namespace: a, reason: "", until: soon }] }',
      [
        'checks.exemptions.0.reason is ""; wanted text that is not empty',
        'checks.exemptions.0.until is "soon"; wanted a date such as 2027-01-31',
      ],
    ],
    [
      'checks: { exemptions: [{ check: fsync-off, reason: x, until: 2027-01-31, nam: x }] }',
      [
        'checks.exemptions.0.namespace is missing; wanted text',
        'checks.exemptions.0.nam is not known; wanted check, namespace, name, reason, until',
      ],
    ],
    [
      'drain-seconds: -1\nlog-level: loud',
      [
        'drain-seconds is -1; wanted whole seconds from 0 to 120',
        'log-level is "loud"; wanted debug, info, warn or error',
      ],
    ],
    ['with-rollout: "yes"', ['with-rollout is "yes"; wanted true or false']],
  ])('%s', (text, problems) => {
    const parsed = parseConfiguration(text);
    expect(parsed.kind === 'invalid' && parsed.problems.map(({ message }) => message)).toEqual(problems);
  });
});
