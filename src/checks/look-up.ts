import type { FactKind, WhyUnknown } from '../workload/cluster-facts.ts';
import { factSources } from '../workload/read-facts.ts';
import { noObservations } from './check.ts';
import type { Finding, Gap, Observation } from './check.ts';
import { listed } from './shown-text.ts';

/**
 * What a check returns where it would have to know more. Nothing where nobody is asked: a folder of manifests need not hold the whole
 * cluster, and its owner knows.
 */
export function notLookedUp(facts: FactKind, why: WhyUnknown | undefined): readonly Observation[] {
  if (why === undefined || why === 'not-asked') return noObservations;
  return [{ field: '', message: '', gap: { facts, why } }];
}

const shownAs: Readonly<Record<Gap['why'], string>> = {
  forbidden: 'pgusher may not list them',
  'not-synced': 'they are not read yet',
};

/** One for a whole review, however many checks it is about. */
export function couldNotLookUp(gaps: readonly Gap[]): Finding {
  const whys = [...new Set(gaps.map(({ why }) => why))];
  const seen = whys.map((why) => {
    const kinds = gaps.filter((gap) => gap.why === why).map(({ facts }) => factSources[facts].kind);
    return `no look at ${listed([...new Set(kinds)].toSorted())}: ${shownAs[why]}`;
  });
  const wanted = whys.includes('forbidden')
    ? 'list and watch in the ClusterRole pgusher, or their checks off in the config file'
    : 'another try in a moment';
  return {
    check: 'look-up',
    severity: 'warn',
    field: 'metadata.namespace',
    message: `${seen.join('; ')}; wanted ${wanted}.`,
  };
}
