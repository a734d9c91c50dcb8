import { backupTemplate } from '../../workload/backup-template.ts';
import type { StatefulSetFact } from '../../workload/cluster-facts.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { notLookedUp } from '../look-up.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: the name of a claim that is deleted, and the managed sets of its namespace: their claim templates, the claims that their pods
 * name, postgres.io/backup-claim.
 * Allowed: claims that no managed set has. In a namespace that is being deleted nothing is kept back. The finalizer
 * `kubernetes.io/pvc-protection` only waits for the pod, and then the claim goes.
 */
export const deletePvcManaged: Check = {
  id: 'delete-pvc-managed',
  severity: 'deny',
  summary: 'A claim is deleted that a managed set runs on, or is backed up to.',
  because:
    'The claim stays in Terminating until its pod ends, at the next rollout or drain, and then the volume is gone: the data, or all backups of it.',
  instead:
    'The set deleted first, where the database is to go. For a restore drill the escape, on the claim; the new claim of that name does not have it.',
  datedEscape: true,
  examineDeletion({ kind, name, namespace, namespaceIsEnding }, { facts }) {
    if (kind !== 'claim' || namespaceIsEnding === true) return noObservations;
    const { statefulSets } = facts;
    const uses = statefulSets.within(namespace).flatMap((set) => useOf(set, name));
    const [worst] = [...uses.filter(({ isStopped }) => !isStopped), ...uses];
    if (worst === undefined) return notLookedUp('statefulSets', statefulSets.gap);
    const { set, use, isStopped } = worst;
    const observation: Observation = {
      field: 'metadata.name',
      message: isStopped
        ? `StatefulSet ${quoted(set)}, scaled to 0, ${use} this claim; wanted it kept: the volume goes at once.`
        : `StatefulSet ${quoted(set)} ${use} this claim; wanted it kept: the volume goes when the pod ends.`,
      ...(isStopped ? { severity: 'warn' } : {}),
    };
    return [observation];
  },
};

interface Use {
  readonly set: string;
  readonly use: 'runs on' | 'is backed up to';
  /** Scaled to none: nothing runs on the claim, but the next pod will. */
  readonly isStopped: boolean;
}

function useOf(set: StatefulSetFact, claim: string): readonly Use[] {
  if (set.managed === undefined || set.isBeingDeleted) return [];
  const isStopped = set.replicas === 0;
  if (set.backups?.claim === claim) return [{ set: set.name, use: 'is backed up to', isStopped }];
  if (set.writes.some((written) => written.claim === claim)) return [{ set: set.name, use: 'runs on', isStopped }];
  const template = set.claimTemplates.find((one) => claim.startsWith(`${one}-${set.name}-`));
  const ordinal = claim.slice(`${template ?? ''}-${set.name}-`.length);
  if (template === undefined || !/^\d+$/.test(ordinal)) return [];
  // Of a replica that was taken away: a copy.
  const isRun = Number(ordinal) >= set.firstOrdinal && Number(ordinal) < set.firstOrdinal + set.replicas;
  if (!isRun && !isStopped) return [];
  return [{ set: set.name, use: template === backupTemplate ? 'is backed up to' : 'runs on', isStopped }];
}
