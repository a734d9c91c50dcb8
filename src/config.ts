import { parseDocument } from 'yaml';
import { z } from 'zod';
import type { CheckPolicy } from './checks/policy.ts';
import { catalogue, checkIds } from './checks/registry.ts';
import { defaultConfiguration } from './configuration.ts';
import type { Configuration } from './configuration.ts';
import { nearestName } from './workload/nearest-name.ts';
import { readSettings } from './workload/read-settings.ts';

export type ParsedConfiguration =
  | { readonly kind: 'configuration'; readonly configuration: Configuration }
  /** One line each: where, what was seen, what is wanted. */
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** YAML has numbers and booleans where an annotation would have text: `backup-keep: 7`. */
const settingText = z.union([z.string(), z.number(), z.boolean()], { error: 'text' }).transform(String);

const isoDate = z.iso.date({ error: 'a date such as 2027-01-31' });

const nonEmpty = z.string({ error: 'text' }).min(1, { error: 'text that is not empty' });

const schema = z.strictObject(
  {
    settings: z.record(z.string(), settingText, { error: 'a map from setting to value' }).default({}),
    checks: z
      .strictObject(
        {
          modes: z
            .record(z.string(), z.enum(['enforce', 'warn', 'off'], { error: 'enforce, warn or off' }), {
              error: 'a map from check to mode',
            })
            .default({}),
          exemptions: z
            .array(
              z.strictObject(
                {
                  check: nonEmpty,
                  namespace: nonEmpty,
                  name: nonEmpty.optional(),
                  reason: nonEmpty,
                  until: isoDate,
                },
                { error: 'an exemption: check, namespace, name, reason, until' },
              ),
              { error: 'a list of exemptions' },
            )
            .default([]),
          'storage-classes': z
            .array(nonEmpty, { error: 'a list of names of storage classes' })
            .min(1, { error: 'at least one name, or no list where all are allowed' })
            .optional(),
        },
        { error: 'a map of modes, exemptions, storage-classes' },
      )
      .default({ modes: {}, exemptions: [] }),
    'with-rollout': z.boolean({ error: 'true or false' }).default(defaultConfiguration.withRollout),
    'secret-names': z.boolean({ error: 'true or false' }).default(defaultConfiguration.secretNames),
    'log-level': z
      .enum(['debug', 'info', 'warn', 'error'], { error: 'debug, info, warn or error' })
      .default(defaultConfiguration.logLevel),
    'drain-seconds': z
      .int({ error: 'whole seconds from 0 to 120' })
      .min(0, { error: 'whole seconds from 0 to 120' })
      .max(120, { error: 'whole seconds from 0 to 120' })
      .default(defaultConfiguration.drainAnnounce / 1000),
  },
  { error: 'a map of settings, checks, with-rollout, secret-names, log-level, drain-seconds' },
);

/** The text of the config file. An empty one is the default. */
export function parseConfiguration(text: string): ParsedConfiguration {
  const document = parseDocument(text, { prettyErrors: true });
  const [syntaxError] = document.errors;
  if (syntaxError !== undefined) {
    const [firstLine = ''] = syntaxError.message.split('\n');
    return { kind: 'invalid', problems: [firstLine.replace(/:$/, '')] };
  }
  const value: unknown = document.toJS() ?? {};
  const result = schema.safeParse(value);
  if (!result.success) {
    return { kind: 'invalid', problems: result.error.issues.flatMap((issue) => describe(issue, value)) };
  }
  const configuration = toConfiguration(result.data);
  const problems = [
    ...settingProblems(configuration.settings),
    ...checkProblems(configuration.policy),
    ...classProblems(configuration),
  ];
  return problems.length === 0 ? { kind: 'configuration', configuration } : { kind: 'invalid', problems };
}

function toConfiguration(file: z.output<typeof schema>): Configuration {
  return {
    settings: file.settings,
    policy: {
      modes: new Map(Object.entries(file.checks.modes)),
      exemptions: file.checks.exemptions.map((exemption) => ({ ...exemption, name: exemption.name })),
      storageClasses: file.checks['storage-classes'],
    },
    withRollout: file['with-rollout'],
    secretNames: file['secret-names'],
    logLevel: file['log-level'],
    drainAnnounce: file['drain-seconds'] * 1000,
  };
}

function describe(issue: z.core.$ZodIssue, value: unknown): readonly string[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${[...path, key].join('.')} is not known; ${wantedKeys(path)}`);
  }
  const where = path.length === 0 ? 'the file' : path.join('.');
  return [`${where} is ${shown(valueAt(value, issue.path))}; wanted ${issue.message}`];
}

function wantedKeys(path: readonly string[]): string {
  if (path.length === 0) return `wanted ${Object.keys(schema.shape).join(', ')}`;
  return path.length === 1
    ? 'wanted modes, exemptions, storage-classes'
    : 'wanted check, namespace, name, reason, until';
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (parent, key) => (typeof parent === 'object' && parent !== null ? Reflect.get(parent, key) : undefined),
    value,
  );
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function settingProblems(settings: Readonly<Record<string, string>>): readonly string[] {
  return readSettings({ cluster: settings, statefulset: {} }).problems.map((problem) => {
    switch (problem.kind) {
      case 'unknown': {
        const hint =
          problem.suggestion === undefined ? 'docs/settings.md lists them' : `did you mean ${problem.suggestion}?`;
        return `settings.${problem.annotation} is not known; ${hint}`;
      }
      case 'invalid':
        return `settings.${problem.annotation} is ${shown(problem.value)}; wanted ${problem.expected}`;
      case 'no-reason':
        return `settings.${problem.annotation} has no reason; an exemption of the cluster stands in checks.exemptions`;
      case 'conflict':
        return `settings ${problem.annotations.join(', ')}: wanted ${problem.expected}`;
    }
  });
}

/** Every set that is created would be refused for what its owner has not written. */
function classProblems({ settings, policy: { storageClasses } }: Configuration): readonly string[] {
  const written = settings['backup-storage-class'];
  if (written === undefined || storageClasses === undefined || storageClasses.includes(written)) return [];
  return [
    `settings.backup-storage-class is ${shown(written)}; wanted one of checks.storage-classes: ${storageClasses.join(', ')}`,
  ];
}

function checkProblems(policy: CheckPolicy): readonly string[] {
  const named = [
    ...[...policy.modes].map(([id, mode]) => ({
      where: 'checks.modes',
      id,
      softens: mode !== 'enforce',
      wanted: 'enforce, or no entry',
    })),
    ...policy.exemptions.map(({ check }, index) => ({
      where: `checks.exemptions.${String(index)}.check`,
      id: check,
      softens: true,
      wanted: 'no exemption of it',
    })),
  ];
  return named.flatMap(({ where, id, softens, wanted }) => {
    const check = catalogue.get(id);
    if (check === undefined) {
      const nearest = nearestName(id, checkIds);
      const hint = nearest === undefined ? 'docs/checks.md lists them' : `did you mean ${nearest}?`;
      return [`${where} names the check "${id}", which is not known; ${hint}`];
    }
    // It would count for nothing, and whoever wrote it would believe otherwise.
    return softens && check.noEscape !== undefined
      ? [`${where} names the check "${id}", which has no escape: ${check.noEscape} Wanted ${wanted}.`]
      : [];
  });
}
