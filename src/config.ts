import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import type { CheckPolicy } from './checks/policy.ts';
import { catalogue, checkIds } from './checks/registry.ts';
import { placesIn } from './configuration-place.ts';
import type { Place } from './configuration-place.ts';
import { configurationSchema } from './configuration-schema.ts';
import type { Configuration } from './configuration.ts';
import { nearestName } from './workload/nearest-name.ts';
import { readSettings } from './workload/read-settings.ts';

export type ParsedConfiguration =
  | { readonly kind: 'configuration'; readonly configuration: Configuration }
  /** In the order of the file. */
  | { readonly kind: 'invalid'; readonly problems: readonly ConfigurationProblem[] };

export interface ConfigurationProblem extends Place {
  /** One sentence: which field, what was seen, what is wanted. */
  readonly message: string;
}

/** As compilers write it, behind the name of the file. */
export function problemText({ line, column, message }: ConfigurationProblem): string {
  return `${line}:${column}: ${message}`;
}

/** A sentence, and the way to the value that it is about. */
interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The text of the config file. An empty one is the default. */
export function parseConfiguration(text: string): ParsedConfiguration {
  const lines = new LineCounter();
  const document = parseDocument(text, { prettyErrors: true, lineCounter: lines });
  const placeOf = placesIn(document, lines);
  const [syntaxError] = document.errors;
  if (syntaxError !== undefined) {
    const [firstLine = ''] = syntaxError.message.split('\n');
    const [place] = syntaxError.linePos ?? [];
    const message = firstLine.replace(/ at line \d+, column \d+:?$/, '');
    return { kind: 'invalid', problems: [{ message, line: place?.line ?? 1, column: place?.col ?? 1 }] };
  }
  const invalid = (faults: readonly Fault[]): ParsedConfiguration => ({
    kind: 'invalid',
    problems: faults
      .map(({ path, message }) => ({ message, ...placeOf(path) }))
      .toSorted((left, right) => left.line - right.line || left.column - right.column),
  });
  let value: unknown;
  try {
    value = document.toJS() ?? {};
  } catch (error) {
    // An alias without its anchor, or aliases of aliases that would fill the memory: told only when they are followed.
    return invalid([{ path: [], message: messageOf(error) }]);
  }
  const result = configurationSchema.safeParse(value);
  if (!result.success) return invalid(result.error.issues.flatMap((issue) => describe(issue, value)));
  const configuration = toConfiguration(result.data);
  const faults = [
    ...settingFaults(configuration.settings),
    ...checkFaults(configuration.policy),
    ...classFaults(configuration),
  ];
  return faults.length === 0 ? { kind: 'configuration', configuration } : invalid(faults);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function toConfiguration(file: z.output<typeof configurationSchema>): Configuration {
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

function describe(issue: z.core.$ZodIssue, value: unknown): readonly Fault[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `${[...path, key].join('.')} is not known; ${wantedKeys(path)}`,
    }));
  }
  const where = path.length === 0 ? 'the file' : path.join('.');
  return [{ path, message: `${where} is ${shown(valueAt(value, issue.path))}; wanted ${issue.message}` }];
}

function wantedKeys(path: readonly string[]): string {
  if (path.length === 0) return `wanted ${Object.keys(configurationSchema.shape).join(', ')}`;
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

function settingFaults(settings: Readonly<Record<string, string>>): readonly Fault[] {
  return readSettings({ cluster: settings, statefulset: {} }).problems.map((problem): Fault => {
    switch (problem.kind) {
      case 'unknown': {
        const hint =
          problem.suggestion === undefined ? 'docs/settings.md lists them' : `did you mean ${problem.suggestion}?`;
        return faultOf(problem.annotation, `settings.${problem.annotation} is not known; ${hint}`);
      }
      case 'invalid':
        return faultOf(
          problem.annotation,
          `settings.${problem.annotation} is ${shown(problem.value)}; wanted ${problem.expected}`,
        );
      case 'no-reason':
        return faultOf(
          problem.annotation,
          `settings.${problem.annotation} has no reason; an exemption of the cluster stands in checks.exemptions`,
        );
      case 'conflict':
        return faultOf(
          problem.annotations[0] ?? '',
          `settings ${problem.annotations.join(', ')}: wanted ${problem.expected}`,
        );
    }
  });
}

function faultOf(setting: string, message: string): Fault {
  return { path: ['settings', setting], message };
}

/** Every set that is created would be refused for what its owner has not written. */
function classFaults({ settings, policy: { storageClasses } }: Configuration): readonly Fault[] {
  const written = settings['backup-storage-class'];
  if (written === undefined || storageClasses === undefined || storageClasses.includes(written)) return [];
  return [
    faultOf(
      'backup-storage-class',
      `settings.backup-storage-class is ${shown(written)}; wanted one of checks.storage-classes: ${storageClasses.join(', ')}`,
    ),
  ];
}

function checkFaults(policy: CheckPolicy): readonly Fault[] {
  const named = [
    ...[...policy.modes].map(([id, mode]) => ({
      path: ['checks', 'modes', id],
      where: 'checks.modes',
      id,
      softens: mode !== 'enforce',
      wanted: 'enforce, or no entry',
    })),
    ...policy.exemptions.map(({ check }, index) => ({
      path: ['checks', 'exemptions', index, 'check'],
      where: `checks.exemptions.${index}.check`,
      id: check,
      softens: true,
      wanted: 'no exemption of it',
    })),
  ];
  return named.flatMap(({ path, where, id, softens, wanted }): readonly Fault[] => {
    const check = catalogue.get(id);
    if (check === undefined) {
      const nearest = nearestName(id, checkIds);
      const hint = nearest === undefined ? 'docs/checks.md lists them' : `did you mean ${nearest}?`;
      return [{ path, message: `${where} names the check "${id}", which is not known; ${hint}` }];
    }
    // It would count for nothing, and whoever wrote it would believe otherwise.
    return softens && check.noEscape !== undefined
      ? [
          {
            path,
            message: `${where} names the check "${id}", which has no escape: ${check.noEscape} Wanted ${wanted}.`,
          },
        ]
      : [];
  });
}
