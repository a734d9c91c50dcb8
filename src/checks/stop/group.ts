import { capKillDropped } from './cap-kill-dropped.ts';
import { graceTooLow } from './grace-too-low.ts';
import { graceVsCheckpoint } from './grace-vs-checkpoint.ts';
import { maxUnavailable } from './max-unavailable.ts';
import { prestopSmart } from './prestop-smart.ts';
import { prestopUnsupported } from './prestop-unsupported.ts';
import { restartAllKillsServer } from './restart-all-kills-server.ts';
import { shareProcessNamespace } from './share-process-namespace.ts';
import { stopSignal } from './stop-signal.ts';
import { stopsignalTerm } from './stopsignal-term.ts';
import { updateOndelete } from './update-ondelete.ts';
import { updatePartition } from './update-partition.ts';
import type { Check } from '../check.ts';

/** Stop, in the order in which findings are told. */
export const stopChecks = [
  graceTooLow,
  graceVsCheckpoint,
  stopsignalTerm,
  stopSignal,
  restartAllKillsServer,
  prestopUnsupported,
  prestopSmart,
  capKillDropped,
  shareProcessNamespace,
  updateOndelete,
  updatePartition,
  maxUnavailable,
] as const satisfies readonly Check[];
