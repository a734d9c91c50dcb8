import { objectAt, textAt, textMapAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import type { DrillSource } from './drill-source.ts';

/** On everything that a drill makes: the name of the set. */
export const drillLabel = 'postgres.io/drill-of';

const ours = 'postgres.io/';

/** A StatefulSet may have a name of 52 characters and still name its pods and revisions. */
const longestName = 52;

/** Of a set, so that a second drill of it sees the first. */
export function drillName(set: string): string {
  const ending = '-drill';
  return `${set.slice(0, longestName - ending.length).replace(/[-.]+$/, '')}${ending}`;
}

/**
 * Who is primary, who follows whom, what is backed up and what was restored once have no place in a drill: it is a primary of its own, of the newest
 * backup. Passwords are set as after any restore.
 */
const leftOut = [
  /^backup/,
  /^restore-(?!passwords)/,
  /^(role|primary|synchronous|when-behind|bootstrap|injection-version)$/,
  /^replication-/,
] as const;

/**
 * The set that the webhook is asked about, in a dry run: the user's own (`user`, without what pgusher injected), that starts from the backups of the real
 * one and makes none. It is never stored: its pod is made from the answer (drill-pod.ts).
 */
export function drillSet(user: JsonObject, source: DrillSource): JsonObject {
  const metadata = objectAt(user, 'metadata');
  const name = textAt(metadata, 'name') ?? '';
  const kept = Object.entries(textMapAt(metadata, 'annotations')).filter(
    ([key]) => key.startsWith(ours) && !leftOut.some((pattern) => pattern.test(key.slice(ours.length))),
  );
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: {
      name: drillName(name),
      namespace: textAt(metadata, 'namespace') ?? '',
      labels: { 'postgres.io/managed': 'true', [drillLabel]: name },
      annotations: {
        ...Object.fromEntries(kept),
        'postgres.io/backup': 'off',
        // No backup, no database: an empty one would be a drill that says nothing.
        'postgres.io/bootstrap': 'restore',
        'postgres.io/restore-from': source.prefix,
        'postgres.io/restore-from-claim': source.claim,
        'postgres.io/agent-image': source.agentImage,
      },
    },
    spec: { ...objectAt(user, 'spec'), replicas: 1 },
  };
}
