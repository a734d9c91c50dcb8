import type { StatefulSetFact } from '../../workload/cluster-facts.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { volumeField } from '../field-path.ts';
import { notLookedUp } from '../look-up.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: the claim under PGDATA, where spec.template.spec.volumes names it.
 * Allowed: a claim that no other StatefulSet of the namespace writes to, by its volumes or by its claim templates; or another folder of
 * it (subPath). A set that is scaled to none may be the one that is replaced, so it is warned about.
 */
export const pvcBoundElsewhere: Check = {
  id: 'pvc-bound-elsewhere',
  severity: 'deny',
  summary: 'Another StatefulSet writes to the claim of the data.',
  because:
    'Two servers on one data directory destroy it: postmaster.pid names a process, which another container cannot see.',
  instead: 'A claim of its own, best by a claim template.',
  examine({ server, name, namespace }, { facts }) {
    const mount = server?.data.mount;
    if (mount?.source.kind !== 'claim') return noObservations;
    const { claimName } = mount.source;
    const folder = mount.subPath ?? '';
    const others = facts.statefulSets.within(namespace).filter((set) => set.name !== name);
    const writers = others.filter((set) => writesTo(set, claimName, folder));
    if (writers.length === 0) return notLookedUp('statefulSets', facts.statefulSets.gap);
    return writers.map((set): Observation => {
      const isStopped = set.replicas === 0;
      return {
        field: volumeField(mount.name),
        message: `StatefulSet ${quoted(set.name)}${isStopped ? ', scaled to 0,' : ''} has claim ${quoted(claimName)} too; wanted a claim of its own. Two servers on one PGDATA destroy it.`,
        ...(isStopped ? { severity: 'warn' } : {}),
      };
    });
  },
};

function writesTo(set: StatefulSetFact, claim: string, folder: string): boolean {
  const isOfTemplate = set.claimTemplates.some((template) => {
    const prefix = `${template}-${set.name}-`;
    return claim.startsWith(prefix) && /^\d+$/.test(claim.slice(prefix.length));
  });
  const isSame = (other: string): boolean => other === '' || folder === '' || other === folder;
  return isOfTemplate || set.writes.some((written) => written.claim === claim && written.folders.some(isSame));
}
