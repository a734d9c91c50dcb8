import { annotationPrefix } from '../../workload/annotation-name.ts';
import { isList, objectAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { settingProblems } from './setting-problem.ts';
import { printable } from '../shown-text.ts';

/**
 * Fields: metadata.annotations that begin with postgres.io/.
 * Allowed: texts that docs/settings.md describes, and escapes with a reason for checks that have an escape.
 */
export const invalidAnnotation: Check = {
  id: 'invalid-annotation',
  severity: 'deny',
  summary: 'An annotation of ours holds what cannot be read, or contradicts another.',
  because: 'Taking the default in place of what was meant can mean no backup, or a restore that was not asked for.',
  instead: 'A value as the message and docs/settings.md say.',
  noEscape: 'what was meant is not known.',
  coversLeftAlone: true,
  examine(workload, { catalogue }) {
    return [
      ...settingProblems(workload, 'invalid-annotation'),
      ...withoutQuotes(objectAt(objectAt(workload.object, 'metadata'), 'annotations')),
      ...vainEscapes(workload.settings.escapes, catalogue),
    ];
  },
};

function vainEscapes(
  escapes: ReadonlyMap<string, string>,
  catalogue: ReadonlyMap<string, Check>,
): readonly Observation[] {
  if (escapes.size === 0) return [];
  return [...escapes.keys()].flatMap((id) => {
    const why = catalogue.get(id)?.noEscape;
    if (why === undefined) return [];
    return [
      {
        field: annotationField(`postgres.io/allow-${id}`),
        message: `postgres.io/allow-${id} has no effect; wanted the cause mended: ${why} Remove it.`,
      },
    ];
  });
}

/** Only of files: the apiserver refuses such an annotation, and YAML makes a number or a boolean of what has no quotes. */
function withoutQuotes(annotations: JsonObject): readonly Observation[] {
  const found: Observation[] = [];
  for (const name of Object.keys(annotations)) {
    const value = annotations[name];
    if (typeof value === 'string' || !name.startsWith(annotationPrefix) || value === null || value === undefined)
      continue;
    found.push(noText(name, value));
  }
  return found.length === 0 ? noObservations : found;
}

function noText(name: string, value: NonNullable<JsonObject[string]>): Observation {
  const shown = printable(name);
  const isPlain = typeof value === 'boolean' || typeof value === 'number';
  const seen = isPlain ? `${value} without quotes` : isList(value) ? 'a list' : 'an object';
  const example = isPlain ? ` Write ${shown}: "${value}".` : ' Write it in quotes.';
  return {
    field: annotationField(name),
    message: `${shown} is ${seen}, which Kubernetes refuses; wanted a text.${example}`,
  };
}
