import { agentPortTaken } from './agent-port-taken.ts';
import { annotationOnTemplate } from './annotation-on-template.ts';
import { duplicateManagedBy } from './duplicate-managed-by.ts';
import { generatedName } from './generated-name.ts';
import { invalidAnnotation } from './invalid-annotation.ts';
import { managedLabelRemoved } from './managed-label-removed.ts';
import { managedLabelValue } from './managed-label-value.ts';
import { nameHasDots } from './name-has-dots.ts';
import { nameTooLong } from './name-too-long.ts';
import { obsoleteForm } from './obsolete-form.ts';
import { pitrTargetInvalid } from './pitr-target-invalid.ts';
import { reservedContainerName } from './reserved-container-name.ts';
import { scheduleInvalid } from './schedule-invalid.ts';
import { unknownAnnotation } from './unknown-annotation.ts';
import type { Check } from '../check.ts';

/** Settings and names, in the order in which findings are told. */
export const settingsChecks = [
  unknownAnnotation,
  invalidAnnotation,
  scheduleInvalid,
  pitrTargetInvalid,
  annotationOnTemplate,
  managedLabelValue,
  managedLabelRemoved,
  generatedName,
  nameTooLong,
  nameHasDots,
  reservedContainerName,
  agentPortTaken,
  duplicateManagedBy,
  obsoleteForm,
] as const satisfies readonly Check[];
