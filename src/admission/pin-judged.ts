import type { Finding } from '../checks/check.ts';
import { printable } from '../checks/shown-text.ts';
import { ContractRefused } from '../injections/contract-refused.ts';
import type { RefusedValue } from '../injections/contract-refused.ts';
import { renderPlan } from '../injections/render-plan.ts';
import { pin } from '../pinning/pin.ts';
import type { Pinned } from '../pinning/pin.ts';
import { version } from '../version.ts';
import type { AdmissionContext } from './admission.ts';
import type { Judged } from './judge.ts';

/** The object with what belongs into it; or why the agent would refuse what is written, which no door lets through: its pod would not start. */
export type PinnedOrRefused =
  | { readonly kind: 'pinned'; readonly pinned: Pinned }
  | { readonly kind: 'refused'; readonly findings: readonly Finding[] };

export function pinJudged(
  { stripped, workload, old }: Judged,
  { withRollout }: Pick<AdmissionContext, 'withRollout'>,
): PinnedOrRefused {
  const operation = old === undefined ? 'CREATE' : 'UPDATE';
  try {
    const request = { operation, requested: stripped, workload, stored: old, withRollout, version } as const;
    return { kind: 'pinned', pinned: pin(request, renderPlan) };
  } catch (error) {
    if (error instanceof ContractRefused) return { kind: 'refused', findings: error.problems.map(refusedByAgent) };
    throw error;
  }
}

function refusedByAgent({ field, message }: RefusedValue): Finding {
  return {
    check: 'agent-contract',
    severity: 'deny',
    field,
    message: `the agent would refuse this and the pod would never start (${printable(message)}); wanted a value that it takes. Write ${field}.`,
  };
}
