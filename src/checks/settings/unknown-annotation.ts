import { nearestName } from '../../workload/nearest-name.ts';
import type { Check, Observation } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { settingProblems } from './setting-problem.ts';
import { printable } from '../shown-text.ts';

/**
 * Fields: metadata.annotations that begin with postgres.io/.
 * Allowed: the settings of docs/settings.md and `allow-<id>` for the checks of this page.
 */
export const unknownAnnotation: Check = {
  id: 'unknown-annotation',
  severity: 'deny',
  summary: 'An annotation of ours that does not exist.',
  because:
    'A slip of the pen in `backup-claim` or `bootstrap` would be ignored, and nobody learns of it before the restore.',
  instead: 'The name that was meant; docs/settings.md has them all.',
  noEscape: 'removing the annotation is as short as writing an escape.',
  coversLeftAlone: true,
  examine(workload, { catalogue }) {
    return [
      ...settingProblems(workload, 'unknown-annotation'),
      ...unknownEscapes(workload.settings.escapes, catalogue),
    ];
  },
};

function unknownEscapes(
  escapes: ReadonlyMap<string, string>,
  catalogue: ReadonlyMap<string, Check>,
): readonly Observation[] {
  if (escapes.size === 0) return [];
  return [...escapes.keys()]
    .filter((id) => !catalogue.has(id))
    .map((id) => {
      const meant = nearestName(id, [...catalogue.keys()]);
      const annotation = printable(`postgres.io/allow-${id}`);
      return {
        field: annotationField(annotation),
        message: `${annotation} names no check; wanted the id of one. ${meant === undefined ? 'Remove it, or see docs/checks.md.' : `Did you mean postgres.io/allow-${meant}?`}`,
      };
    });
}
