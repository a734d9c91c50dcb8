import { objectAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import { managedLabelName } from '../../workload/read-settings.ts';
import { noObservations } from '../check.ts';
import type { Check, Finding, Observation } from '../check.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: metadata.labels[postgres.io/managed].
 * Allowed: "true", or no label. What is no text comes from a file only: the apiserver refuses such a label.
 */
export const managedLabelValue: Check = {
  id: 'managed-label-value',
  severity: 'warn',
  summary: 'The label that opts in has another value than `true`, or one without quotes.',
  because:
    'Nothing is injected and nothing is refused: the database is as unprotected as without the label. Without quotes YAML makes a boolean of `true`, which Kubernetes refuses as a label.',
  instead: '`postgres.io/managed: "true"`, or no label.',
  noEscape: 'it is a warning; and a label that is no text is refused by Kubernetes itself.',
  coversLeftAlone: true,
  examine({ object }) {
    return observeLabel(labelsOf(object));
  },
};

/** For objects that are not managed, which no other check looks at. `labels` as they are written, whatever they hold. */
export function managedLabelFindings(labels: JsonObject): readonly Finding[] {
  return observeLabel(labels).map(({ field, message, severity }) => ({
    check: managedLabelValue.id,
    severity: severity ?? managedLabelValue.severity,
    field,
    message,
  }));
}

function labelsOf(object: JsonObject): JsonObject {
  return objectAt(objectAt(object, 'metadata'), 'labels');
}

function observeLabel(labels: JsonObject): readonly Observation[] {
  // The apiserver reads null as an empty text.
  const value = Object.hasOwn(labels, managedLabelName) ? (labels[managedLabelName] ?? '') : 'true';
  if (value === 'true') return noObservations;
  const field = `metadata.labels[${managedLabelName}]`;
  if (typeof value === 'string') {
    return [
      {
        field,
        message: `the label is ${quoted(value)}, so nothing is injected; wanted "true". Write ${managedLabelName}: "true", or remove it.`,
      },
    ];
  }
  return [
    {
      field,
      severity: 'deny',
      message: `the label is ${written(value)} and no text, so Kubernetes refuses the object; wanted "true" in quotes. Write ${managedLabelName}: "true".`,
    },
  ];
}

function written(value: NonNullable<JsonObject[string]>): string {
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}
