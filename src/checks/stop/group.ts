import { graceTooLow } from './grace-too-low.ts';
import { graceVsCheckpoint } from './grace-vs-checkpoint.ts';
import { prestopSmart } from './prestop-smart.ts';
import { prestopUnsupported } from './prestop-unsupported.ts';
import { shareProcessNamespace } from './share-process-namespace.ts';
import { stopsignalTerm } from './stopsignal-term.ts';
import { updateOndelete } from './update-ondelete.ts';
import { updatePartition } from './update-partition.ts';
import type { Check } from '../check.ts';

/** Stop, in the order in which findings are told. */
export const stopChecks = [
  graceTooLow,
  graceVsCheckpoint,
  stopsignalTerm,
  prestopUnsupported,
  prestopSmart,
  shareProcessNamespace,
  updateOndelete,
  updatePartition,
] as const satisfies readonly Check[];
