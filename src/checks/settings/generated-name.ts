import { objectAt, textAt } from '../../workload/json.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: metadata.name, metadata.generateName.
 * Allowed: a name that is written.
 */
export const generatedName: Check = {
  id: 'generated-name',
  severity: 'deny',
  summary: 'The name is left to Kubernetes to make up.',
  because:
    'Backups, claims and the address of the primary go by the name, which nobody knows yet: all sets of one generateName would share one folder of backups.',
  instead: '`metadata.name`.',
  noEscape: 'the name that Kubernetes will choose is not known here.',
  examine({ object }) {
    const metadata = objectAt(object, 'metadata');
    const prefix = textAt(metadata, 'generateName') ?? '';
    if (prefix === '' || (textAt(metadata, 'name') ?? '') !== '') return noObservations;
    return [
      {
        field: 'metadata.generateName',
        message: `generateName is ${quoted(prefix)} and there is no name; wanted a name. Write metadata.name: ${quoted(`${prefix}0`)}, or another.`,
      },
    ];
  },
};
