import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { annotationField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: postgres.io/backup-claim against the claim under PGDATA: one that is named, or one that a claim template
 * makes (`<template>-<set>-<ordinal>`).
 * Allowed: any other claim.
 */
export const backupVolumeIsDataVolume: Check = {
  id: 'backup-volume-is-data-volume',
  severity: 'deny',
  summary: 'Backups would be kept on the volume that they are a backup of.',
  because: 'One failure loses both, and each backup fills the disk that the server needs to go on.',
  instead: 'A claim of its own for backups, on other disks where there are any.',
  examine(workload) {
    const claim = workload.settings.values.backupClaim;
    if (claim === undefined || !isDataClaim(workload, claim)) return noObservations;
    return [
      {
        field: annotationField('postgres.io/backup-claim'),
        message: `postgres.io/backup-claim is ${quoted(claim)}, the claim under PGDATA; wanted another one. Create a claim for backups and name that.`,
      },
    ];
  },
};

function isDataClaim({ server, name }: PostgresWorkload, claim: string): boolean {
  const mount = server?.data.mount;
  if (mount?.source.kind === 'claim') return mount.source.claimName === claim;
  if (mount?.source.kind !== 'claim-template') return false;
  const prefix = `${mount.name}-${name}-`;
  return claim.startsWith(prefix) && /^\d+$/.test(claim.slice(prefix.length));
}
