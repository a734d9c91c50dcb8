import type { Check, Observation } from '../check.ts';
import { notLookedUp } from '../look-up.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: the HorizontalPodAutoscalers whose scaleTargetRef is this set (KEDA makes one too).
 * Allowed: none, or one that never goes above 1. Where standbys follow the primary it is a warning: they come and go with the load, each
 * with a whole copy.
 */
export const hpaTarget: Check = {
  id: 'hpa-target',
  severity: 'deny',
  summary: 'An autoscaler scales the database.',
  because:
    'Without replication each pod that it adds initialises a database of its own behind the same Service: writes go to one of them by chance.',
  instead: 'No autoscaler; vertical changes, or replication and a number of standbys that is yours.',
  examine({ name, namespace, settings }, { facts }) {
    const targeting = facts.autoscalers
      .within(namespace)
      .filter(({ target, maxReplicas }) => target === `StatefulSet/${name}` && maxReplicas !== 1);
    if (targeting.length === 0) return notLookedUp('autoscalers', facts.autoscalers.gap);
    const isReplicated = settings.values.replicationSecret !== undefined && settings.values.role !== 'primary';
    return targeting.map((autoscaler): Observation => ({
      field: 'spec.replicas',
      message: `HorizontalPodAutoscaler ${quoted(autoscaler.name)} scales this set; wanted none. Delete it, or aim it elsewhere.`,
      ...(isReplicated ? { severity: 'warn' } : {}),
    }));
  },
};
