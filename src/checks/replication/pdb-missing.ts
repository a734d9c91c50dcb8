import type { DisruptionBudgetFact } from '../../workload/cluster-facts.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { notLookedUp } from '../look-up.ts';
import { matches, podLabels } from './pod-labels.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: spec.replicas, and the PodDisruptionBudgets of the namespace.
 * Allowed: one replica, of which a budget could only keep the node; or a budget that lets some pods go and not all.
 */
export const pdbMissing: Check = {
  id: 'pdb-missing',
  severity: 'warn',
  summary: 'Draining nodes may take all replicas at once, or never ends.',
  because:
    'Without a budget a rolling upgrade of the nodes takes primary and standbys together; with one of none it hangs.',
  instead: 'A PodDisruptionBudget for the pods with maxUnavailable: 1.',
  paste: `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: <name of the set>
spec:
  maxUnavailable: 1
  selector:
    matchLabels: <labels of the pods>`,
  examine(workload, { facts }) {
    const { replicas, namespace } = workload;
    if (replicas < 2) return noObservations;
    const labels = podLabels(workload);
    const budgets = facts.disruptionBudgets.within(namespace).filter(({ selector }) => matches(selector, labels));
    const [stuck] = budgets.filter((budget) => letsNoneGo(budget, replicas));
    if (stuck !== undefined) {
      return [
        {
          field: 'spec.replicas',
          message: `PodDisruptionBudget ${quoted(stuck.name)} lets none of ${replicas} pods go; wanted maxUnavailable: 1.`,
        },
      ];
    }
    if (budgets.length > 0) return noObservations;
    const { gap } = facts.disruptionBudgets;
    if (gap !== undefined) return notLookedUp('disruptionBudgets', gap);
    return [
      {
        field: 'spec.replicas',
        message: `${replicas} replicas without a PodDisruptionBudget; wanted one with maxUnavailable: 1.`,
      },
    ];
  },
};

/** Percentages are rounded up by Kubernetes, both of them. */
function letsNoneGo({ minAvailable, maxUnavailable }: DisruptionBudgetFact, replicas: number): boolean {
  if (maxUnavailable !== undefined) return podsOf(maxUnavailable, replicas) === 0;
  return minAvailable !== undefined && podsOf(minAvailable, replicas) >= replicas;
}

function podsOf(count: string, replicas: number): number {
  return count.endsWith('%') ? Math.ceil((Number(count.slice(0, -1)) / 100) * replicas) : Number(count);
}
