import { objectAt } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { printable } from '../shown-text.ts';

/**
 * Fields: spec.template.metadata.annotations and labels that begin with postgres.io/.
 * Allowed: none; settings are read from the StatefulSet's own metadata.
 */
export const annotationOnTemplate: Check = {
  id: 'annotation-on-template',
  severity: 'warn',
  summary: 'A setting stands on the pod template, where it is not read.',
  because: 'The setting has no effect, and changing it restarts the database all the same.',
  instead: 'The annotation on the metadata of the StatefulSet.',
  coversLeftAlone: true,
  examine({ object }) {
    const template = objectAt(objectAt(objectAt(object, 'spec'), 'template'), 'metadata');
    const misplaced = (['annotations', 'labels'] as const).flatMap((map) =>
      Object.keys(objectAt(template, map))
        .filter((name) => name.startsWith('postgres.io/'))
        .map((name) => ({ map, name })),
    );
    if (misplaced.length === 0) return noObservations;
    const metadata = objectAt(object, 'metadata');
    return misplaced.map(({ map, name }) => ({
      field: `spec.template.metadata.${map}[${printable(name)}]`,
      message: Object.hasOwn(objectAt(metadata, map), name)
        ? `${printable(name)} on the pod template is ignored; wanted it on the StatefulSet alone, where it is. Remove it here.`
        : `${printable(name)} on the pod template is ignored; wanted it on the StatefulSet. Move it to metadata.${map}.`,
    }));
  },
};
