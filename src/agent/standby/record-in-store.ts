import type { AgentContract } from '../contract.ts';
import type { PrimaryRecord, RecordReading } from '../decision/primary-record.ts';
import { parsePrimaryRecord } from '../decision/primary-record.ts';
import { storeRoot } from '../store/layout.ts';
import { primaryFile, readStoredPrimary } from '../store/stored-primary.ts';

/** Null: none, or none of this set. */
export async function recordInStore({
  store,
  namespace,
  set,
  replication,
}: Pick<AgentContract, 'store' | 'namespace' | 'set' | 'replication'>): Promise<PrimaryRecord | null> {
  if (store === null || replication === null) {
    return null;
  }
  const root = storeRoot(store);
  const stored = await readStoredPrimary(root, { namespace, set });
  if (stored === null) {
    return null;
  }
  const reading = parsePrimaryRecord({ ...stored, timeline: String(stored.timeline) }, set);
  return reading.kind === 'record' ? { ...reading.record, file: primaryFile(root) } : null;
}

/**
 * For a server that runs: who was promoted last. Of two promotions that came to the same timeline nobody can say which one counts: the ConfigMap's,
 * which a person wrote. Pure.
 */
export function newestRecord(record: RecordReading, stored: PrimaryRecord | null): RecordReading {
  if (stored === null || record.kind === 'unreadable') {
    return record;
  }
  return record.kind === 'none' || stored.timeline > record.record.timeline
    ? { kind: 'record', record: stored }
    : record;
}

/**
 * For a start: both must say the same, or the ConfigMap be of a newer promotion, whose primary has not come to its store yet. Where there is no
 * ConfigMap, a store that names this pod says nothing: it may be this pod's own, from before somebody else was promoted. Pure.
 */
export function agreedRecord(
  record: RecordReading,
  stored: PrimaryRecord | null,
  { pod, set }: { readonly pod: string; readonly set: string },
): RecordReading {
  if (stored === null || record.kind === 'unreadable') {
    return record;
  }
  if (record.kind === 'none') {
    return stored.primary === pod ? record : { kind: 'record', record: stored };
  }
  const { primary, timeline } = record.record;
  if (primary === stored.primary || timeline > stored.timeline) {
    return record;
  }
  return {
    kind: 'unreadable',
    reason:
      `ConfigMap ${set}-pgusher says that ${primary} is primary on timeline ${timeline}, ${stored.file ?? 'the store'} that ${stored.primary} is on timeline ${stored.timeline} since ${stored.since}; ` +
      `wanted both to say the same`,
  };
}
