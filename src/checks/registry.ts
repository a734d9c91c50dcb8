import { backupsChecks } from './backups/group.ts';
import { claimsChecks } from './claims/group.ts';
import { deletionChecks } from './deletion/group.ts';
import { imageChecks } from './image/group.ts';
import { parametersChecks } from './parameters/group.ts';
import { readingChecks } from './reading/group.ts';
import { replicationChecks } from './replication/group.ts';
import { securityChecks } from './security/group.ts';
import { settingsChecks } from './settings/group.ts';
import { startChecks } from './start/group.ts';
import { stopChecks } from './stop/group.ts';
import { storageChecks } from './storage/group.ts';
import type { Check } from './check.ts';

/** One folder each, in the order in which findings are told; the heading is that of docs/checks. */
export const groups = [
  { folder: 'reading', heading: 'What cannot be read', checks: readingChecks },
  { folder: 'storage', heading: 'Where the data is', checks: storageChecks },
  { folder: 'claims', heading: 'Claims', checks: claimsChecks },
  { folder: 'backups', heading: 'Backups', checks: backupsChecks },
  { folder: 'start', heading: 'Start', checks: startChecks },
  { folder: 'stop', heading: 'Stop', checks: stopChecks },
  { folder: 'image', heading: 'Image', checks: imageChecks },
  { folder: 'replication', heading: 'Replication', checks: replicationChecks },
  { folder: 'parameters', heading: 'Server parameters', checks: parametersChecks },
  { folder: 'security', heading: 'Secrets and security', checks: securityChecks },
  { folder: 'settings', heading: 'Settings and names', checks: settingsChecks },
  { folder: 'deletion', heading: 'Deletion', checks: deletionChecks },
] as const satisfies readonly { folder: string; heading: string; checks: readonly Check[] }[];

/** What is refused and what is warned about: reading the lists of the groups is reading the policy. Findings come in this order. */
export const checks = groups.flatMap((group): readonly Check[] => group.checks);

export const checkIds: readonly string[] = checks.map(({ id }) => id);

export const catalogue: ReadonlyMap<string, Check> = catalogueOf(checks);

/** By id. Throws where two checks have one id, or one is no kebab-case word: our own fault, seen at start. */
export function catalogueOf(list: readonly Check[]): ReadonlyMap<string, Check> {
  const malformed = list.find(({ id }) => !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id));
  if (malformed !== undefined) throw new Error(`check id "${malformed.id}" is not kebab-case`);
  const idle = list.find((check) => (check.examine ?? check.examineChange ?? check.examineDeletion) === undefined);
  if (idle !== undefined) throw new Error(`check "${idle.id}" examines nothing`);
  const byId = new Map(list.map((check) => [check.id, check]));
  const twin = list.find((check) => byId.get(check.id) !== check);
  if (twin !== undefined) throw new Error(`two checks have the id "${twin.id}"`);
  return byId;
}
