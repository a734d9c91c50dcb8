import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import type { SettingProblem } from '../../workload/settings.ts';
import { noObservations } from '../check.ts';
import type { Observation } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { listed, printable, quoted } from '../shown-text.ts';
import { settingDefinitions } from '../../workload/setting-table.ts';

/** The checks between which the problems of annotations are divided. */
export type ProblemCheck = 'unknown-annotation' | 'invalid-annotation' | 'schedule-invalid' | 'pitr-target-invalid';

/** The problems of `workload.settings` that are `check`'s to report. */
export function settingProblems({ settings }: PostgresWorkload, check: ProblemCheck): readonly Observation[] {
  if (settings.problems.length === 0) return noObservations;
  return settings.problems.filter((problem) => checkFor(problem) === check).map(observe);
}

const schedules = ['backup-schedule', 'backup-time-zone', 'backup-drill'];

/** By the name of the annotation; of several, by the first. */
function checkFor(problem: SettingProblem): ProblemCheck {
  if (problem.kind === 'unknown') return 'unknown-annotation';
  const name = withoutPrefix(problem.kind === 'conflict' ? (problem.annotations[0] ?? '') : problem.annotation);
  if (schedules.includes(name)) return 'schedule-invalid';
  return name.startsWith('restore-target-') || name === 'restore-id' ? 'pitr-target-invalid' : 'invalid-annotation';
}

function withoutPrefix(annotation: string): string {
  return annotation.replace(/^postgres\.io\//, '');
}

function observe(problem: SettingProblem): Observation {
  switch (problem.kind) {
    case 'unknown': {
      const { annotation, suggestion } = problem;
      const meant = suggestion === undefined ? 'Remove it, or see docs/settings.md' : `Did you mean ${suggestion}?`;
      return at(
        problem,
        `${printable(annotation)} is no setting; wanted one that is. ${meant}`.replace(/([^?])$/, '$1.'),
      );
    }
    case 'invalid': {
      const { annotation, value, expected } = problem;
      return at(problem, `${printable(annotation)} is ${quoted(value)}; wanted ${expected}.${exampleOf(annotation)}`);
    }
    case 'no-reason': {
      const { annotation } = problem;
      return at(
        problem,
        `${printable(annotation)} gives no reason; wanted one. Write ${printable(annotation)}: "<why this is safe here>".`,
      );
    }
    case 'conflict':
      return {
        field: annotationField(problem.annotations[0] ?? ''),
        message: `${listed(problem.annotations.map(printable))} ${problem.annotations.length > 1 ? 'do not go together' : 'is not enough'}; wanted ${problem.expected}.`,
      };
  }
}

/** Where the annotation stands: the namespace's are none of the object's fields. */
function at({ annotation, layer }: Exclude<SettingProblem, { kind: 'conflict' }>, message: string): Observation {
  const field = annotationField(annotation);
  if (layer === 'statefulset') return { field, message };
  return {
    field: layer === 'namespace' ? `namespace ${field}` : `cluster config settings[${printable(annotation)}]`,
    message,
  };
}

function exampleOf(annotation: string): string {
  const name = withoutPrefix(annotation);
  const definition = Object.entries(settingDefinitions).find(([setting]) => setting === name)?.[1];
  return definition === undefined
    ? ''
    : ` Write ${annotation}: ${JSON.stringify(definition.default ?? definition.example)}.`;
}
